import { z } from 'zod';
import { createSandboxAccount, drawClip } from '../testing/sandbox-account.ts';
import type { SandboxAccount } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { startMsOf } from '../testing/sandbox-meeting.ts';
import type { AccountShape } from '../testing/sandbox-meeting.ts';
import { indexOfUuid } from '../testing/sandbox-random.ts';
import { createRecording, idKinds } from './grain.sandbox-recording.ts';
import type { SandboxRecording } from './grain.sandbox-recording.ts';

export type GrainAccount = SandboxAccount<SandboxRecording>;

/** Creates an account; @throws a RangeError when `calls` is no count up to 1,000,000 */
export function createGrainAccount(shape: AccountShape): GrainAccount {
  const indexOf = (id: string): number | null => {
    const index = indexOfUuid({ seed: shape.seed, kind: idKinds.recording }, id);
    return index === null || index >= shape.calls ? null : index;
  };
  const generated = (id: string): SandboxRecording | null => {
    const index = indexOf(id);
    return index === null ? null : createRecording(shape, index);
  };
  return createSandboxAccount({
    ...{ calls: shape.calls, mediaBytes: shape.mediaBytes, indexOf },
    create: (index) => createRecording(shape, index),
    startMsOf: (index) => startMsOf(shape, index),
    read: (record) => toRecording(record, { shape, generated }),
    toTruth: ({ record }) => {
      const { id, title, duration_ms: durationMs } = PutRecord.parse(record);
      return id === null
        ? null
        : { title: title ?? null, durationSeconds: (durationMs ?? 0) / 1000 };
    },
  });
}

const PutRecord = z.object({
  id: z.string().min(1).nullable().catch(null),
  title: z.string().nullish().catch(null),
  start_datetime: z.coerce.date().nullable().catch(null),
  duration_ms: z.number().nullish().catch(null),
  media_type: z.string().nullish().catch(null),
});

/** The raw record as it was put; its sound is the replaced call's, or one that its id decides. */
function toRecording(
  record: Readonly<Record<string, unknown>>,
  options: {
    readonly shape: AccountShape;
    readonly generated: (id: string) => SandboxRecording | null;
  },
): SandboxRecording {
  const parsed = PutRecord.parse(record);
  const drawn = drawClip(usableClips(options.shape.mediaBytes), { id: parsed.id, record });
  const replaced = options.generated(drawn.id);
  return {
    ...{ id: drawn.id, record },
    startMs: parsed.start_datetime?.getTime() ?? Infinity,
    clip: parsed.media_type === 'transcript' ? null : (replaced?.clip ?? drawn.clip),
    hasTranscript: replaced?.hasTranscript ?? true,
    hasNamelessGuest: replaced?.hasNamelessGuest ?? false,
  };
}
