import type { SandboxItem } from '../testing/sandbox-account.ts';
import { usableClips } from '../testing/sandbox-media.ts';
import { drawSound, pickPeople, startMsOf, toTitle } from '../testing/sandbox-meeting.ts';
import type { AccountShape, Attendee } from '../testing/sandbox-meeting.ts';
import { customerCompanies } from '../testing/sandbox-people.ts';
import {
  createRandom,
  digitsAt,
  indexOfDigits,
  pickOne,
  uuidAt,
} from '../testing/sandbox-random.ts';

/** A recording of the account; `record` is what the list has, links aside. */
export interface SandboxRecording extends SandboxItem {
  readonly meetingKey: string;
  readonly people: readonly Attendee[];
  /** The report of its meeting is gone. */
  readonly hasNoReport: boolean;
}

export interface ZohoMeetingShape extends AccountShape {
  /** Every so many recordings are processed when they are listed; null: none. */
  readonly unfinishedEvery: number | null;
  /** Every so many recordings have no sound; null: none. */
  readonly silentEvery: number | null;
  /** The reports of every so many meetings are gone; null: of none. */
  readonly noReportEvery: number | null;
}

const meetings = (seed: number) => ({ seed, kind: 1 });
const recordings = (seed: number) => ({ seed, kind: 2 });

/** The index of a meeting that was made; null for any other key. */
export function indexOfMeeting(shape: ZohoMeetingShape, meetingKey: string): number | null {
  const index = indexOfDigits(meetings(shape.seed), meetingKey);
  return index === null || index >= shape.calls ? null : index;
}

/** Zoho records video; a size that is asked for is made of sounds. */
export function clipsOf({ mediaBytes }: ZohoMeetingShape) {
  const clips = usableClips(mediaBytes);
  return mediaBytes === null ? clips.filter((clip) => clip.contentType === 'video/mp4') : clips;
}

/** Generates recording `index` of the account; the same one for the same shape. */
export function createRecording(shape: ZohoMeetingShape, index: number): SandboxRecording {
  const { seed } = shape;
  const random = createRandom(seed, index);
  const startMs = startMsOf(shape, index);
  const sound = drawSound(random, { shape, index, startMs, clips: clipsOf(shape) });
  const company = pickOne(random, customerCompanies);
  const people = pickPeople(random, { company, isInternal: random() < 0.1 });
  const meetingKey = digitsAt(meetings(seed), index);
  const erecordingId = uuidAt(recordings(seed), index).replaceAll('-', '');
  const megabytes = Math.ceil((sound.clip?.sizeBytes ?? 0) / 1_048_576);
  const record = {
    ...{ erecordingId, meetingKey, short_meeting_key: meetingKey },
    recordingId: String(50_000_000_012_345 + index),
    topic: toTitle(random, company),
    creatorName: people[0]?.name ?? null,
    ...toTexts(startMs),
    startTimeinMs: startMs,
    duration: sound.durationMs,
    durationInMins: Math.round(sound.durationMs / 60_000),
    ...{ fileSize: `${String(megabytes)} MB`, fileSizeInMB: String(megabytes) },
    resourceName: 'recording.mp4',
    status: isNth(index, shape.unfinishedEvery) ? 'PROCESSING' : 'UPLOADED',
    isMeeting: true,
    noAudioRecording: isNth(index, shape.silentEvery),
    isTranscriptionEnabled: sound.hasTranscript,
    isTranscriptGenerated: sound.hasTranscript,
    isSummaryGenerated: false,
    ...{ downloadAccess: 1, summaryAccess: 1, transcriptAccess: 1, shareOption: 0 },
    shareUrl: `https://meeting.zoho.com/meeting/public/videoprv?recordingId=${erecordingId}`,
  };
  return {
    ...{ id: `${meetingKey}:${erecordingId}`, meetingKey, startMs, record, people },
    ...{ clip: sound.clip, hasTranscript: sound.hasTranscript },
    hasNoReport: isNth(index, shape.noReportEvery),
  };
}

function isNth(index: number, every: number | null): boolean {
  return every !== null && index % every === every - 1;
}

/** Without a year, in the viewer's time zone: nothing to parse. */
function toTexts(startMs: number) {
  const day = new Date(startMs).toUTCString().slice(0, 11);
  return { sDate: day, sTime: '07:00 PM', datenTime: `${day}, 07:00 PM IST` };
}
