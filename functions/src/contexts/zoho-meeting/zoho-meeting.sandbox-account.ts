import { z } from 'zod';
import { createSandboxAccount, drawClip } from '../testing/sandbox-account.ts';
import type { SandboxAccount } from '../testing/sandbox-account.ts';
import { startMsOf } from '../testing/sandbox-meeting.ts';
import { clipsOf, createRecording, indexOfMeeting } from './zoho-meeting.sandbox-recording.ts';
import type { SandboxRecording, ZohoMeetingShape } from './zoho-meeting.sandbox-recording.ts';

export interface ZohoMeetingAccount extends SandboxAccount<SandboxRecording> {
  /** The recordings of a meeting. */
  ofMeeting(meetingKey: string): readonly SandboxRecording[];
  /** At most `count` recordings from the `index`th on, and whether there are more. */
  page(
    index: number,
    count: number,
  ): { readonly recordings: readonly SandboxRecording[]; readonly hasMore: boolean };
}

/** Creates an account; @throws a RangeError when `calls` is no count up to 1,000,000 */
export function createZohoMeetingAccount(shape: ZohoMeetingShape): ZohoMeetingAccount {
  const indexOf = (id: string): number | null => {
    const index = indexOfMeeting(shape, id.replace(/:.*$/s, ''));
    return index !== null && createRecording(shape, index).id === id ? index : null;
  };
  const account = createSandboxAccount<SandboxRecording>({
    ...{ calls: shape.calls, mediaBytes: shape.mediaBytes, indexOf },
    create: (index) => createRecording(shape, index),
    startMsOf: (index) => startMsOf(shape, index),
    read: (record) => {
      const { erecordingId, meetingKey, startTimeinMs } = PutRecord.parse(record);
      const putId = erecordingId === null ? null : `${meetingKey}:${erecordingId}`;
      const { id, clip } = drawClip(clipsOf(shape), { id: putId, record });
      return {
        ...{ id, clip, record, meetingKey, people: [], hasNoReport: false },
        ...{ startMs: startTimeinMs ?? Infinity, hasTranscript: true },
      };
    },
    toTruth: ({ record }) => {
      const { erecordingId, topic, duration } = PutRecord.parse(record);
      return erecordingId === null
        ? null
        : { title: topic ?? null, durationSeconds: (duration ?? 0) / 1000 };
    },
  });
  return {
    ...account,
    page: createPager(account),
    ofMeeting: (meetingKey) => {
      const index = indexOfMeeting(shape, meetingKey);
      if (index === null) {
        const all = [...account.list({ after: null, beforeMs: null })];
        return all.filter((recording) => recording.meetingKey === meetingKey);
      }
      const found = account.find(createRecording(shape, index).id);
      return found === null ? [] : [found];
    },
  };
}

/** Offsets are read on from where the last page ended: from the start, a page would cost all before it. */
function createPager(account: SandboxAccount<SandboxRecording>): ZohoMeetingAccount['page'] {
  let last: { readonly after: SandboxRecording; readonly index: number } | null = null;
  return (index, count) => {
    const isNext = last !== null && last.index === index;
    const after = isNext ? (last?.after ?? null) : null;
    const recordings: SandboxRecording[] = [];
    let at = isNext ? index : 0;
    for (const recording of account.list({ after, beforeMs: null })) {
      if (recordings.length === count) return { recordings, hasMore: true };
      if (at >= index) recordings.push(recording);
      at += 1;
      last = { after: recording, index: at };
    }
    return { recordings, hasMore: false };
  };
}

const PutRecord = z.object({
  erecordingId: z.string().min(1).nullable().catch(null),
  meetingKey: z.string().catch(''),
  startTimeinMs: z.number().nullable().catch(null),
  duration: z.number().nullish().catch(null),
  topic: z.string().nullish().catch(null),
});
