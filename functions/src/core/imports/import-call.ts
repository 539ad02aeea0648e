import { ImportError } from '../errors.ts';
import type { CallWork } from './call-work.ts';
import { completeCall } from './complete-call.ts';
import type { Credentials, ImportContext } from './import-context.ts';
import type { StoredMedia } from './imported-call.ts';
import { withCredentials } from './job-credentials.ts';
import { requireContext } from './job-run.ts';
import { Transcript, type CallMetadata, type MediaSource, type SourceCall } from './source-call.ts';
import { storeMedia } from './store-media.ts';
import { storeTranscript, toTranscriptKeys, type TranscriptRecord } from './store-transcript.ts';
import { awaitTranscription, startTranscription } from './transcribe-call.ts';

interface PlatformWork extends CallWork {
  readonly context: ImportContext;
  readonly credentials: Credentials;
  readonly listed: SourceCall;
}

/**
 * Brings one call over: the recording into the store and the platform's transcript beside it, both
 * at once; speech-to-text is started where the platform has no transcript, and looked at later; the
 * engagement completes it. Every write repeats without harm.
 */
export async function importCall(work: CallWork): Promise<void> {
  const { engine, claim } = work;
  const { call, progress } = claim;
  if (call.status === 'transcribing' && progress.stored) {
    return awaitTranscription(work, progress.stored, call.transcription);
  }
  const context = requireContext(engine, call.platform);
  const { sourceCallId, metadata: known, hint } = call;
  const listed = { sourceCallId, metadata: known, hint };
  const [metadata, transcript] = await withCredentials(
    engine,
    { job: claim.job, context },
    (credentials) => {
      const platform = { ...work, context, credentials, listed };
      return allSettled([bringRecording(platform), bringTranscript(platform)]);
    },
  );
  const { stored } = progress;
  if (!transcript && stored) return startTranscription(work, stored);
  const media = stored?.media ?? null;
  await completeCall(work, { metadata, media, transcript, origin: 'platform' });
}

/** Waits for both, so that nothing goes on behind the back of a failed try; then throws the first failure. */
async function allSettled<A, B>(parts: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

/**
 * Stores the recording and returns what the platform says of the call; asks for neither where an
 * earlier try has stored it.
 */
async function bringRecording(work: PlatformWork): Promise<CallMetadata> {
  const { context, credentials, listed, claim, signal } = work;
  const { progress } = claim;
  if (progress.stored) return progress.stored.metadata;
  const { metadata, media } = await context.fetchCall(credentials, listed, signal);
  if (media) progress.stored = { media: await storeRecording(work, media), metadata };
  return metadata;
}

/** A link may have expired between asking for it and following it: it is asked for once more. */
async function storeRecording(work: PlatformWork, media: MediaSource): Promise<StoredMedia> {
  try {
    return await storeOnce(work, media);
  } catch (error) {
    const isExpired = error instanceof ImportError && error.kind === 'not_found';
    if (!isExpired || media.kind !== 'url') throw error;
    const { context, credentials, listed, signal } = work;
    // The hint may be what the dead link came from.
    const again = await context.fetchCall(credentials, { ...listed, hint: null }, signal);
    if (!again.media) throw error;
    return storeOnce(work, again.media);
  }
}

function storeOnce(work: PlatformWork, media: MediaSource): Promise<StoredMedia> {
  const { engine, claim, context, credentials, signal } = work;
  const { objects, settings } = engine;
  const maxBytes = settings.maxMediaBytes;
  return storeMedia({
    context,
    credentials,
    objects,
    call: claim.call,
    media,
    maxBytes,
    signal,
  });
}

/** The transcript that the listing hydrated, else the platform's, else null. */
async function bringTranscript(work: PlatformWork): Promise<TranscriptRecord | null> {
  const { engine, claim, context, credentials, listed, signal } = work;
  if (context.hydrateCalls) {
    const keys = toTranscriptKeys(claim.call);
    const hydrated = await engine.objects.readJson(keys.key);
    if (hydrated !== null) return { ...keys, transcript: Transcript.parse(hydrated) };
  }
  if (!context.getTranscript) return null;
  const found = await context.getTranscript(credentials, listed, signal);
  return found ? storeTranscript(engine.objects, { ...claim.call, ...found }) : null;
}
