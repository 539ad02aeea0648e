import { z } from 'zod';
import { texts } from '../../kit/fields.ts';
import { oauth2AppFields, oauth2Fields } from '../../kit/oauth2.ts';
import { UnparsedRecords } from '../../kit/records.ts';

/** Zoho's data centres, by the ending that customers know. */
export const dataCentres = ['com', 'eu', 'in', 'jp', 'sa', 'uk', 'com.au', 'com.cn', 'ca'] as const;

/** The domain of a data centre. */
export function toDomain(dataCentre: (typeof dataCentres)[number]): string {
  return dataCentre === 'ca' ? 'zohocloud.ca' : `zoho.${dataCentre}`;
}

/** A grant to our app, or to one of the customer's own, in one data centre. */
export const ZohoMeetingCredentials = z
  .strictObject({
    dataCentre: z.enum(dataCentres).meta({
      title: 'Data centre',
      description: `The ending of the customer’s Zoho address: ${dataCentres.join(', ')}.`,
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

/** What a recording has that can change. */
const Links = z.object({
  erecordingId: Id,
  ...texts('downloadUrl', 'transcriptionDownloadUrl'),
  isTranscriptGenerated: z.boolean().nullish(),
  isTranscriptionEnabled: z.boolean().nullish(),
});
export type ZohoLinks = z.output<typeof Links>;

/** A recording as the list has it. Its texts of dates have no year: only the milliseconds count. */
export const ZohoRecording = Links.extend({
  meetingKey: Id,
  ...texts('topic', 'status', 'shareUrl'),
  duration: Milliseconds.nullish(),
  startTimeinMs: Milliseconds,
  noAudioRecording: z.boolean().nullish(),
});

export const ZohoRecordingsPage = z.object({
  meta: z.object({ moreRecords: z.boolean().nullish() }).nullish(),
  recordings: UnparsedRecords,
});

/** The recordings of one meeting, whose fields have other names than in the list. */
export const ZohoMeetingRecordings = z.object({
  recordings: z.array(Links.extend(texts('processingState'))),
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
