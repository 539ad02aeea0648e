import { z } from 'zod';
import { createSandboxAccount, drawClip } from '../testing/sandbox-account.ts';
import type { SandboxAccount } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { startMsOf } from '../testing/sandbox-meeting.ts';
import { indexOfDigits } from '../testing/sandbox-random.ts';
import { callSpaceOf, createCall } from './gong.sandbox-call.ts';
import type { GongShape, SandboxCallItem } from './gong.sandbox-call.ts';

export type GongAccount = SandboxAccount<SandboxCallItem>;

/** Creates an account; @throws a RangeError when `calls` is no count up to 1,000,000 */
export function createGongAccount(shape: GongShape): GongAccount {
  const indexOf = (id: string): number | null => {
    const index = indexOfDigits(callSpaceOf(shape.seed), id);
    return index === null || index >= shape.calls ? null : index;
  };
  return createSandboxAccount({
    ...{ calls: shape.calls, mediaBytes: shape.mediaBytes, indexOf },
    create: (index) => createCall(shape, index),
    startMsOf: (index) => startMsOf(shape, index),
    read: (record) => {
      const { metaData } = PutRecord.parse(record);
      const drawn = drawClip(usableClips(shape.mediaBytes), { id: metaData.id, record });
      const index = indexOf(drawn.id);
      const replaced = index === null ? null : createCall(shape, index);
      const startMs = metaData.started?.getTime() ?? Infinity;
      return {
        ...{ id: drawn.id, record, startMs },
        scheduledMs: metaData.scheduled?.getTime() ?? startMs,
        clip: replaced === null ? drawn.clip : replaced.clip,
        hasTranscript: replaced?.hasTranscript ?? true,
        speakerIds: replaced?.speakerIds ?? ['5100000000000000001', '5100000000000000002'],
      };
    },
    toTruth: ({ record }) => {
      const { id, title, duration } = PutRecord.parse(record).metaData;
      return id === null ? null : { title: title ?? null, durationSeconds: duration ?? 0 };
    },
  });
}

const noMetaData = { id: null, title: null, started: null, scheduled: null, duration: null };

const PutRecord = z.object({
  metaData: z
    .object({
      id: z.string().min(1).nullable().catch(null),
      title: z.string().nullish().catch(null),
      // A missing start must not read as 1970.
      started: z.string().pipe(z.coerce.date()).nullable().catch(null),
      scheduled: z.string().pipe(z.coerce.date()).nullable().catch(null),
      duration: z.number().nullish().catch(null),
    })
    .catch(noMetaData),
});
