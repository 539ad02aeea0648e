import { ImportError } from '../errors.ts';
import { toCallTask } from './call-task.ts';
import { completeCall } from './complete-call.ts';
import type { CallWork } from './call-work.ts';
import type { StoredRecording } from './claim-call.ts';
import { transitionCall, type Transcription } from './imported-call.ts';
import { storeTranscript } from './store-transcript.ts';

const maxRestarts = 2;

/**
 * Starts speech-to-text and stores the operation's name before anything waits for it: it is paid
 * for once started. A crash in between costs one more operation, never a second engagement.
 */
export async function startTranscription(
  work: CallWork,
  recording: StoredRecording,
  restarts = 0,
): Promise<void> {
  const { engine } = work;
  const uri = engine.objects.uriOf(recording.media.key);
  const { languageCodes } = engine.settings;
  await orWithoutTranscript(work, recording, async () => {
    const started = await engine.transcriber.start({ uri, languageCodes, channelCount: null });
    const { operation, checkAgainInMs } = started;
    const checkAt = new Date(engine.clock.now().getTime() + checkAgainInMs);
    await appoint(work, recording, { operation, uri, restarts, checkAt });
  });
}

/** Looks at an operation that an earlier task started: not yet, done, lost, or impossible. */
export async function awaitTranscription(
  work: CallWork,
  recording: StoredRecording,
  transcription: Transcription,
): Promise<void> {
  await orWithoutTranscript(work, recording, async () => {
    try {
      await lookAt(work, recording, transcription);
    } catch (error) {
      if (!isSpeechError(error, 'not_found') || transcription.restarts >= maxRestarts) throw error;
      await startTranscription(work, recording, transcription.restarts + 1);
    }
  });
}

async function lookAt(
  work: CallWork,
  recording: StoredRecording,
  transcription: Transcription,
): Promise<void> {
  const { engine, claim } = work;
  const check = await engine.transcriber.check(transcription.operation, transcription.uri);
  if (check.status === 'running') {
    const checkAt = new Date(engine.clock.now().getTime() + check.checkAgainInMs);
    return appoint(work, recording, { ...transcription, checkAt });
  }
  const { language, segments, original } = check;
  const speakerIds = [...new Set(segments.map((segment) => segment.speakerId))];
  const speakers = speakerIds.map((id) => ({ id, name: null }));
  const transcript = { language, speakers, segments: [...segments] };
  const stored = await storeTranscript(engine.objects, { ...claim.call, transcript, original });
  await completeCall(work, { ...recording, transcript: stored, origin: 'speech' });
}

/** A recording that can't be transcribed is imported all the same, without a transcript. */
async function orWithoutTranscript(
  work: CallWork,
  recording: StoredRecording,
  transcribe: () => Promise<void>,
): Promise<void> {
  try {
    await transcribe();
  } catch (error) {
    if (!isSpeechError(error, 'bad_request') && !isSpeechError(error, 'not_found')) throw error;
    const { callKey, jobId, customerId } = work.claim.call;
    const message = error.publicMessage;
    work.engine.logs.transcriptMissing({ callKey, jobId, customerId, message });
    await completeCall(work, { ...recording, transcript: null, origin: 'speech' });
  }
}

function isSpeechError(error: unknown, kind: 'bad_request' | 'not_found'): error is ImportError {
  return error instanceof ImportError && error.source === 'speech' && error.kind === kind;
}

/** Leaves the call `transcribing` and a task for the time when it is worth looking again. */
async function appoint(
  { engine, claim }: CallWork,
  { metadata, media }: StoredRecording,
  transcription: Transcription,
): Promise<void> {
  const { callKey, lease } = claim.call;
  const { checkAt } = transcription;
  const checkAfter = new Date(checkAt.getTime() + engine.settings.leaseMs);
  await engine.calls.transact({ callKey, jobId: null, known: claim.call }, ({ call }) => {
    const isOurs = call && call.lease.epoch === lease.epoch && call.lease.expiresAt !== null;
    if (!isOurs) return { call: null, result: null };
    const event = { type: 'await_transcript', ...transcription, checkAfter } as const;
    return { call: { ...transitionCall(call, event), metadata, media }, result: null };
  });
  await engine.queue.enqueue(toCallTask(claim.call, `call-${callKey}-e${lease.epoch}`, checkAt));
}
