import { z } from 'zod';
import { secretField, textFilter, texts } from '../../kit/fields.ts';
import { UnparsedRecords } from '../../kit/records.ts';

/** What a customer gives us. */
export const GrainCredentials = z.strictObject({
  apiKey: secretField({
    title: 'Workspace access token',
    description: 'From Grain, Settings, Integrations, API: it sees every recording.',
  }),
});
export type GrainCredentials = z.output<typeof GrainCredentials>;

/** What a listing can be narrowed by. */
export const GrainFilters = z.strictObject({
  participantScope: z
    .enum(['internal', 'external'])
    .optional()
    .meta({ description: 'Meetings among colleagues, or with people from outside.' }),
  titleSearch: textFilter('Words in the title.'),
  team: z.uuid().optional().meta({ description: 'The id of a team.' }),
  meetingType: z.uuid().optional().meta({ description: 'The id of a meeting type.' }),
});
export type GrainFilters = z.output<typeof GrainFilters>;

const Participant = z.object({
  ...texts('id', 'name', 'email'),
  scope: z.enum(['internal', 'external', 'unknown']).nullish().catch('unknown'),
  confirmed_attendee: z.boolean().nullish(),
});

/** A recording as far as it is mapped; what was not asked for in `include` is missing. */
export const GrainRecording = z.object({
  id: z.string().min(1),
  ...texts('title', 'url', 'media_type'),
  start_datetime: z.iso.datetime({ offset: true }),
  end_datetime: z.iso.datetime({ offset: true }).nullish().catch(null),
  duration_ms: z.number().nonnegative().nullish(),
  participants: z.array(Participant).nullish(),
  ai_summary: z.object(texts('text')).nullish(),
});

export const GrainRecordingsPage = z.object({ ...texts('cursor'), recordings: UnparsedRecords });

export const GrainUsers = z.object({ users: z.array(z.unknown()) });

/** Loose: what we do not map is kept in the original. Times in milliseconds from the start. */
export const GrainTranscript = z.array(
  z.looseObject({
    ...texts('participant_id', 'speaker'),
    start: z.number(),
    end: z.number(),
    text: z.string(),
  }),
);
export type GrainTranscript = z.output<typeof GrainTranscript>;
