import { joinSpeakers } from '../engagements/join-speakers.ts';
import { toEngagement } from '../engagements/to-engagement.ts';
import type { CallWork } from './call-work.ts';
import { isInWork, transitionCall, type StoredMedia } from './imported-call.ts';
import type { CallMetadata } from './source-call.ts';
import type { TranscriptRecord } from './store-transcript.ts';

/** Everything that was found out about a call, ready to become an engagement. */
export interface FoundCall {
  readonly metadata: CallMetadata;
  readonly media: StoredMedia | null;
  readonly transcript: TranscriptRecord | null;
  readonly origin: 'platform' | 'speech';
}

/**
 * The one completing transaction: checks the epoch, creates the engagement, ends the call, moves the
 * job's counter. Run again after a lost answer it finds the call completed and writes nothing; run by
 * a holder who was fenced off it writes nothing either.
 */
export async function completeCall(work: CallWork, found: FoundCall): Promise<void> {
  const { engine, claim } = work;
  const { callKey, jobId, customerId, lease } = claim.call;
  const transcript = await joinTranscript(work, found);
  const engagement = await toEngagement(engine.directory, {
    ...found,
    transcript,
    call: claim.call,
    importedAt: engine.clock.now(),
  });
  const isOurs = await engine.calls.transact(
    { callKey, jobId: null, known: claim.call },
    ({ call }) => {
      if (!call || call.lease.epoch !== lease.epoch) return { call: null, result: false };
      if (!isInWork(call)) return { call: null, result: call.status === 'completed' };
      const processed = transitionCall(call, { type: 'process' });
      const at = engagement.importedAt;
      const completed = transitionCall(processed, { type: 'complete', at });
      const { metadata, media } = found;
      return { call: { ...completed, metadata, media }, engagement, result: true };
    },
  );
  const reference = { callKey, jobId, customerId };
  if (!isOurs) return engine.logs.callFenced(reference);
  const durationMs = engine.clock.now().getTime() - claim.claimedAt.getTime();
  const mediaBytes = found.media?.sizeBytes ?? 0;
  engine.logs.callImported({ ...reference, durationMs, mediaBytes });
}

/**
 * Only now is it known who was there: where somebody joined twice, the stored transcript is written once
 * more with one speaker for them. A second execution finds it so, or writes the same.
 */
async function joinTranscript(
  { engine }: CallWork,
  { transcript: record, metadata }: FoundCall,
): Promise<TranscriptRecord | null> {
  if (record === null) return null;
  const transcript = joinSpeakers(record.transcript, metadata.participants);
  if (transcript === record.transcript) return record;
  await engine.objects.writeJson(record.key, transcript);
  return { ...record, transcript };
}
