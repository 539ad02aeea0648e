import { z } from 'zod';
import { createSandboxAccount, drawClip } from '../testing/sandbox-account.ts';
import type { SandboxAccount } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { startMsOf } from '../testing/sandbox-meeting.ts';
import { createEngagement, indexOfEngagement } from './chorus.sandbox-call.ts';
import type { ChorusShape, SandboxEngagement } from './chorus.sandbox-call.ts';

export type ChorusAccount = SandboxAccount<SandboxEngagement>;

/** Creates an account; @throws a RangeError when `calls` is no count up to 1,000,000 */
export function createChorusAccount(shape: ChorusShape): ChorusAccount {
  const indexOf = (id: string): number | null => {
    const index = indexOfEngagement(shape.seed, id);
    return index === null || index >= shape.calls ? null : index;
  };
  return createSandboxAccount({
    ...{ calls: shape.calls, mediaBytes: shape.mediaBytes, indexOf },
    create: (index) => createEngagement(shape, index),
    startMsOf: (index) => startMsOf(shape, index),
    read: (record) => {
      const { engagement_id: id, date_time: seconds } = PutRecord.parse(record);
      const drawn = drawClip(usableClips(shape.mediaBytes), { id, record });
      const index = indexOf(drawn.id);
      const made = index === null ? null : createEngagement(shape, index);
      return {
        ...{ id: drawn.id, record, startMs: seconds === null ? Infinity : seconds * 1000 },
        clip: made === null ? drawn.clip : made.clip,
        hasTranscript: made?.hasTranscript ?? true,
        hasNamelessGuest: made?.hasNamelessGuest ?? false,
      };
    },
    toTruth: ({ record }) => {
      const { engagement_id: id, subject, duration } = PutRecord.parse(record);
      return id === null ? null : { title: subject ?? null, durationSeconds: duration ?? 0 };
    },
  });
}

const PutRecord = z.object({
  engagement_id: z.string().min(1).nullable().catch(null),
  date_time: z.number().nullable().catch(null),
  duration: z.number().nullish().catch(null),
  subject: z.string().nullish().catch(null),
});
