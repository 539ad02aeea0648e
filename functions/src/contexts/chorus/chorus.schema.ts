import { z } from 'zod';
import { secretField, textFilter, texts } from '../../kit/fields.ts';
import { UnparsedRecords } from '../../kit/records.ts';

/** What a customer gives us, and how Chorus takes it. */
export const ChorusCredentials = z.strictObject({
  apiKey: secretField({
    title: 'API token',
    description: 'From Chorus, Personal Settings. An admin’s token sees the most.',
  }),
  scheme: z.enum(['plain', 'bearer']).optional().meta({
    title: 'How the token is sent',
    description:
      'Leave it out: the check finds out whether Chorus wants the word Bearer before it.',
    secret: false,
  }),
  requestsPerMinute: z.int().positive().max(600).optional().meta({
    title: 'Requests a minute',
    description: 'What Chorus allows the customer, where they know: 60 otherwise.',
    secret: false,
  }),
});
export type ChorusCredentials = z.output<typeof ChorusCredentials>;

/** What a listing can be narrowed by. */
export const ChorusFilters = z.strictObject({
  userId: textFilter('The id of a user: their calls.'),
  teamId: textFilter('The id of a team: its calls.'),
  participantEmail: z.email().optional().meta({ description: 'Who took part: an e-mail address.' }),
});
export type ChorusFilters = z.output<typeof ChorusFilters>;

/** Engagements that are recorded; the others are e-mails, page views and meetings without us. */
export const recordedTypes = ['meeting', 'dialer'] as const;
export type RecordedType = (typeof recordedTypes)[number];

const Person = z.object({
  person_id: z.union([z.string(), z.number()]).nullish(),
  ...texts('name', 'email', 'type'),
});
export type ChorusPerson = z.output<typeof Person>;

/** A recorded engagement as the listing of API v3 gives it. */
export const ChorusEngagement = z.object({
  engagement_id: z.string().min(1),
  /** Epoch seconds, perhaps with a fraction. */
  date_time: z.number().nonnegative(),
  /** Seconds. */
  duration: z.number().nonnegative().nullish(),
  ...texts('subject', 'url', 'processing_state'),
  participants: z.array(Person).nullish(),
  no_show: z.boolean().nullish(),
  /** Seen by others, not in Chorus' specification: whatever else it is, it is no summary. */
  meeting_summary: z.string().nullish().catch(null),
});

/**
 * A page of the listing. Chorus ignores a filter that it does not know and lists everything: a page
 * of another type is a broken contract, not a page.
 */
export function createPageSchema(type: RecordedType) {
  const Typed = z.object({ engagement_type: z.literal(type) });
  return z
    .object({ ...texts('continuation_key'), engagements: UnparsedRecords })
    .superRefine(({ engagements }, context) => {
      const index = engagements.findIndex((engagement) => !Typed.safeParse(engagement).success);
      if (index === -1) return;
      const path = ['engagements', index, 'engagement_type'];
      const message = `is not "${type}", which was asked for: the filter was ignored`;
      context.addIssue({ code: 'custom', path, message });
    });
}

/** A document of JSON:API. */
function documentOf<TSchema extends z.ZodType>(attributes: TSchema) {
  return z.object({ data: z.object({ attributes }) });
}

/** The user whose token it is. */
export const ChorusUser = documentOf(z.looseObject({}));

/** As documented: another one is a broken contract. */
const Status = z.enum(['done', 'live', 'no show', 'processing', 'unknown', 'scheduled']);

export const ChorusStatus = documentOf(z.object({ status: Status }));

/** Loose, as the whole conversation: what we do not map is kept in the original. */
const Utterance = z.looseObject({
  ...texts('snippet', 'speaker_name'),
  snippet_time: z.number(),
  snippet_length: z.number().nullish(),
  /** The speaker's place among the participants. */
  participant: z.int().nullish(),
});
export type ChorusUtterance = z.output<typeof Utterance>;

const Recording = z.looseObject({
  duration: z.number().nullish(),
  utterances: z.array(Utterance).nullish(),
});

const Conversation = z.looseObject({
  status: Status,
  ...texts('language'),
  participants: z.array(Person.loose()).nullish(),
  recording: Recording.nullish(),
});
export type ChorusConversation = z.output<typeof Conversation>;
export const ChorusConversation = documentOf(Conversation);
