import { z } from 'zod';
import { secretField } from '../../kit/fields.ts';

/** What a customer gives us. */
export const GrainCredentials = z.strictObject({
  apiKey: secretField({
    title: 'Workspace access token',
    description: 'From Grain, Settings, Integrations, API: it sees every recording.',
  }),
});

/** What a listing can be narrowed by. */
export const GrainFilters = z.strictObject({
  participantScope: z
    .enum(['internal', 'external'])
    .optional()
    .meta({ description: 'Meetings among colleagues, or with people from outside.' }),
  titleSearch: z.string().min(1).optional().meta({ description: 'Words in the title.' }),
  team: z.uuid().optional().meta({ description: 'The id of a team.' }),
  meetingType: z.uuid().optional().meta({ description: 'The id of a meeting type.' }),
});
export type GrainFilters = z.output<typeof GrainFilters>;

const Participant = z.object({
  id: z.string().nullish(),
  name: z.string().nullish(),
  email: z.string().nullish(),
  scope: z.enum(['internal', 'external', 'unknown']).nullish().catch('unknown'),
  confirmed_attendee: z.boolean().nullish(),
});

/** A recording as far as it is mapped; what was not asked for in `include` is missing. */
export const GrainRecording = z.object({
  id: z.string().min(1),
  title: z.string().nullish(),
  start_datetime: z.iso.datetime({ offset: true }),
  end_datetime: z.iso.datetime({ offset: true }).nullish().catch(null),
  duration_ms: z.number().nonnegative().nullish(),
  media_type: z.string().nullish(),
  url: z.string().nullish(),
  participants: z.array(Participant).nullish(),
  ai_summary: z.object({ text: z.string().nullish() }).nullish(),
});
export type GrainRecording = z.output<typeof GrainRecording>;

/** Records are parsed one by one, so that a broken one does not take its page along. */
export const GrainRecordingsPage = z.object({
  cursor: z.string().nullish(),
  recordings: z.array(z.unknown()),
});

export const GrainUsers = z.object({ users: z.array(z.unknown()) });

/** Loose: what we do not map is kept in the original. Times in milliseconds from the start. */
export const GrainTranscript = z.array(
  z.looseObject({
    participant_id: z.string().nullish(),
    speaker: z.string().nullish(),
    start: z.number(),
    end: z.number(),
    text: z.string(),
  }),
);
export type GrainTranscript = z.output<typeof GrainTranscript>;
