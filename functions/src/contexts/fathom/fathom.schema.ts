import { z } from 'zod';
import { secretField, textFilter, texts } from '../../kit/fields.ts';
import { keyOrTokens, oauth2Fields } from '../../kit/oauth2.ts';
import { UnparsedRecords } from '../../kit/records.ts';

/** A user's API key, or the tokens that our app got when the user connected it. */
export const FathomCredentials = z
  .strictObject({
    apiKey: secretField({
      title: 'API key',
      description: 'From Fathom, User settings, API access: it sees the calls that its owner sees.',
    }).optional(),
    ...oauth2Fields,
  })
  .superRefine(keyOrTokens({ name: 'an API key', key: ['apiKey'] }));
export type FathomCredentials = z.output<typeof FathomCredentials>;

/** What a listing can be narrowed by. */
export const FathomFilters = z.strictObject({
  recordedBy: z.email().optional().meta({ description: 'The e-mail address of who recorded.' }),
  team: textFilter('The name of a team.'),
  inviteeDomain: textFilter('A domain that somebody invited belongs to: acme.com.'),
  inviteeDomains: z
    .enum(['only_internal', 'one_or_more_external'])
    .optional()
    .meta({ description: 'Meetings among colleagues, or with people from outside.' }),
});
export type FathomFilters = z.output<typeof FathomFilters>;

const Invitee = z.object({
  ...texts('name', 'email', 'matched_speaker_display_name'),
  is_external: z.boolean().nullish(),
});

/** Loose: what we do not map is kept in the original. `timestamp` is HH:MM:SS from the start. */
const Line = z.looseObject({
  speaker: z.looseObject(texts('display_name', 'matched_calendar_invitee_email')),
  text: z.string(),
  timestamp: z.string().regex(/^\d{1,3}:[0-5]\d:[0-5]\d(?:\.\d+)?$/, 'must be HH:MM:SS'),
});

/** A meeting as far as it is mapped. Public samples lack most of it, but none is of use without its id. */
export const FathomMeeting = z.object({
  recording_id: z.union([z.int().nonnegative(), z.string().min(1)]).transform(String),
  ...texts('title', 'meeting_title', 'url', 'share_url', 'transcript_language'),
  recording_start_time: z.iso.datetime({ offset: true }).nullish(),
  recording_end_time: z.iso.datetime({ offset: true }).nullish().catch(null),
  calendar_invitees: z.array(Invitee).nullish(),
  recorded_by: z.object(texts('name', 'email')).nullish(),
  default_summary: z.object(texts('markdown_formatted')).nullish().catch(null),
  /** As it came: one that broke its schema fails with its call, not with its page. */
  transcript: z.array(z.unknown()).nullish(),
});
export type FathomMeeting = z.output<typeof FathomMeeting>;

export const FathomMeetings = z.object({ ...texts('next_cursor'), items: UnparsedRecords });

export const FathomTranscript = z.looseObject({ transcript: z.array(Line) });
export type FathomTranscript = z.output<typeof FathomTranscript>;

const File = z.object({ url: z.string().min(1), ...texts('content_type') });

/** A download that was asked for. `none` is our own word for a meeting that has no recording for us. */
export const FathomDownload = z.object({
  download_id: z.string().min(1).nullish(),
  status: z.enum(['processing', 'completed', 'failed', 'expired', 'none']),
  ...texts('failure_reason'),
  video: File.nullish(),
  audio: File.nullish(),
});
export type FathomDownload = z.output<typeof FathomDownload>;
