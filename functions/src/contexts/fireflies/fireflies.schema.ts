import { z } from 'zod';
import { secretField, textFilter, texts } from '../../kit/fields.ts';
import { UnparsedRecords } from '../../kit/records.ts';

/** What a customer gives us. */
export const FirefliesCredentials = z.strictObject({
  apiKey: secretField({
    title: 'API key',
    description: 'From Fireflies, Integrations, Fireflies API. An admin’s key sees the whole team.',
  }),
  requestsPerDay: z.int().positive().optional().meta({
    title: 'Requests a day',
    description: 'What the plan allows: 50 on Free, 50 or 500 on Pro, no limit from Business on.',
    secret: false,
  }),
});
export type FirefliesCredentials = z.output<typeof FirefliesCredentials>;

/** What a listing can be narrowed by. */
export const FirefliesFilters = z.strictObject({
  organizer: z.email().optional().meta({ description: 'Whose meetings: an e-mail address.' }),
  participant: z.email().optional().meta({ description: 'Who took part: an e-mail address.' }),
  keyword: textFilter('Words in the title or in what was said.'),
  channel: textFilter('The id of a channel.'),
});
export type FirefliesFilters = z.output<typeof FirefliesFilters>;

const Attendee = z.object(texts('displayName', 'email', 'name', 'phoneNumber'));

/** A transcript as the listing gives it. Anything may be null. */
export const FirefliesMeeting = z.object({
  id: z.string().min(1),
  ...texts('title', 'organizer_email', 'transcript_url'),
  /** Milliseconds since the epoch, rounded to minutes. */
  date: z.number().nullish(),
  dateString: z.iso.datetime({ offset: true }).nullish(),
  /** Minutes, with fractions. */
  duration: z.number().nonnegative().nullish(),
  participants: z.array(z.string().nullish()).nullish(),
  meeting_attendees: z.array(Attendee.nullish()).nullish(),
});

/** A meeting that still goes on. */
export const LiveMeeting = z.object({ is_live: z.literal(true) });

export const FirefliesPage = z
  .object({ data: z.object({ transcripts: UnparsedRecords }) })
  .transform(({ data }) => data.transcripts);

export const FirefliesUser = z.object({
  data: z.object({ user: z.object({ user_id: z.string() }) }),
});

/** Seconds from the start; recorded as numbers, and older clients met texts. */
const Seconds = z.union([z.number(), z.string().regex(/^\d+(?:\.\d+)?$/)]);
/** Documented as a text, recorded as a number. */
const SpeakerId = z.union([z.string(), z.number()]);

const Sentence = z.looseObject({
  speaker_id: SpeakerId.nullish(),
  ...texts('speaker_name', 'text'),
  start_time: Seconds,
  end_time: Seconds,
});

/** What is said in a meeting. Loose: what we do not map is kept in the original. */
export const FirefliesDetails = z.looseObject({
  speakers: z.array(z.looseObject({ id: SpeakerId.nullish(), ...texts('name') })).nullish(),
  sentences: z.array(Sentence).nullish(),
  meeting_attendance: z.array(z.looseObject(texts('name')).nullish()).nullish(),
  meeting_info: z
    .looseObject({ ...texts('summary_status'), silent_meeting: z.boolean().nullish() })
    .nullish(),
  summary: z.looseObject(texts('overview')).nullish(),
});
export type FirefliesDetails = z.output<typeof FirefliesDetails>;

/** Links to the recording; what a plan does not include is null or missing. */
export const FirefliesLinks = z.object({
  ...texts('audio_url', 'video_url'),
  meeting_info: z.object(texts('summary_status')).nullish(),
});
export type FirefliesLinks = z.output<typeof FirefliesLinks>;
