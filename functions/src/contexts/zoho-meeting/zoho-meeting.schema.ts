import { z } from 'zod';
import { texts } from '../../kit/fields.ts';
import { defineHint } from '../../kit/hint.ts';
import { oauth2AppFields, oauth2Fields } from '../../kit/oauth2.ts';
import { UnparsedRecords } from '../../kit/records.ts';

/** Zoho's data centres by the ending that customers know, and the domain of each. */
export const dataCentres = {
  ...{ com: 'zoho.com', eu: 'zoho.eu', in: 'zoho.in', jp: 'zoho.jp', sa: 'zoho.sa', uk: 'zoho.uk' },
  ...{ 'com.au': 'zoho.com.au', 'com.cn': 'zoho.com.cn', ca: 'zohocloud.ca' },
} as const;
const names = ['com', 'eu', 'in', 'jp', 'sa', 'uk', 'com.au', 'com.cn', 'ca'] as const;
names satisfies readonly (keyof typeof dataCentres)[];

/** A grant to our app, or to one of the customer's own, in one data centre. */
export const ZohoMeetingCredentials = z
  .strictObject({
    dataCentre: z.enum(names).meta({
      title: 'Data centre',
      description: `The ending of the customer’s Zoho address: ${names.join(', ')}.`,
      secret: false,
    }),
    ...oauth2Fields,
    ...oauth2AppFields,
    /** Learned by the check: `zsoid`, which is in every path. */
    organisationId: z.string().regex(/^\d+$/).optional().meta({ internal: true, secret: false }),
  })
  .superRefine(({ accessToken, refreshToken }, context) => {
    if (accessToken !== undefined || refreshToken !== undefined) return;
    context.addIssue({ code: 'custom', path: ['accessToken'], message: 'is missing' });
  });
export type ZohoMeetingCredentials = z.output<typeof ZohoMeetingCredentials>;

/** Zoho documents no filters. */
export const ZohoMeetingFilters = z.strictObject({});

/** Ids and times come as numbers in one answer and as texts in another. */
const Id = z.union([z.string().min(1), z.int()]).transform(String);
const Milliseconds = z.union([
  z.number().nonnegative(),
  z.string().regex(/^\d+$/).transform(Number),
]);

const common = {
  erecordingId: Id,
  duration: Milliseconds.nullish(),
  ...texts('downloadUrl', 'transcriptionDownloadUrl', 'shareUrl'),
  isTranscriptGenerated: z.boolean().nullish(),
  isTranscriptionEnabled: z.boolean().nullish(),
};

/** A recording as the list has it. Its texts of dates have no year: only the milliseconds count. */
export const ZohoRecording = z.object({
  ...common,
  meetingKey: Id,
  ...texts('topic', 'status'),
  startTimeinMs: Milliseconds,
  noAudioRecording: z.boolean().nullish(),
});
export type ZohoRecording = z.output<typeof ZohoRecording>;

export const ZohoRecordingsPage = z.object({
  meta: z.object({ moreRecords: z.boolean().nullish() }).nullish(),
  recordings: UnparsedRecords,
});

/** The recordings of one meeting, whose fields have other names than in the list. */
export const ZohoMeetingRecordings = z.object({
  recordings: z.array(z.object({ ...common, ...texts('processingState') })),
});

export const ZohoUser = z.object({ userDetails: z.object({ zsoid: Id }) });

const Attendee = z.object(texts('name', 'email'));

export const ZohoParticipants = z.object({
  participantsCount: z.int().nonnegative(),
  participants: z.array(Attendee),
});
export type ZohoAttendee = z.output<typeof Attendee>;

/** Who was invited, and who invited them. */
export const ZohoSession = z.object({
  session: z.object({
    ...texts('presenterName', 'presenterEmail'),
    participants: z.array(Attendee).nullish(),
  }),
});
export type ZohoSession = z.output<typeof ZohoSession>['session'];

const Note = z.object({
  state: z.string().nullable().default(null),
  mediaUrl: z.string().nullable().default(null),
  /** Null where there is no transcript, or none yet. */
  transcriptUrl: z.string().nullable().default(null),
  /** No transcript is to be expected: it was not asked for before the meeting. */
  isUntranscribed: z.boolean().default(false),
});
export type ZohoNote = z.output<typeof Note>;

/** What we note of a recording when it is listed: enough to fetch it. */
export const ZohoHint = defineHint(Note);
