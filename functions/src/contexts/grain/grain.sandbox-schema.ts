import { z } from 'zod';
import type { SandboxRecording } from './grain.sandbox-recording.ts';

/** The body of requests that take nothing. */
export const EmptyBody = z.strictObject({});

/** Fields that a recording has only when they are asked for. */
const includable = [
  'participants',
  'calendar_event',
  'ai_summary',
  'ai_action_items',
  'highlights',
  'hubspot',
] as const;

const Include = z.strictObject({
  participants: z.boolean().optional(),
  calendar_event: z.boolean().optional(),
  ai_summary: z.boolean().optional(),
  ai_action_items: z.boolean().optional(),
  highlights: z.boolean().optional(),
  hubspot: z.boolean().optional(),
} satisfies Record<(typeof includable)[number], unknown>);
export type Include = z.infer<typeof Include>;

const Filter = z.strictObject({
  after_datetime: z.iso.datetime({ offset: true }).optional(),
  before_datetime: z.iso.datetime({ offset: true }).optional(),
  participant_scope: z.enum(['internal', 'external']).optional(),
  title_search: z.string().optional(),
  team: z.uuid().optional(),
  meeting_type: z.uuid().optional(),
  attendance: z.never('attendance works only with personal access tokens').optional(),
});
export type Filter = z.infer<typeof Filter>;

export const ListBody = z.strictObject({
  cursor: z.string().nullish(),
  filter: Filter.nullish(),
  include: Include.nullish(),
});

export const RecordingBody = z.strictObject({ include: Include.nullish() });

/** The record with those optional fields that were asked for. */
export function toAnswer(
  record: SandboxRecording['record'],
  include: Include | null | undefined,
): Record<string, unknown> {
  const hidden = includable.filter((name) => include?.[name] !== true);
  return Object.fromEntries(
    Object.entries(record).filter(([name]) => !hidden.some((each) => each === name)),
  );
}

const Filtered = z.object({
  title: z.string().catch(''),
  teams: z.array(z.object({ id: z.string() })).catch([]),
  meeting_type: z.object({ id: z.string() }).nullable().catch(null),
  participants: z.array(z.object({ scope: z.string() })).catch([]),
});

/** Whether a recording passes every filter but `before_datetime`, which the listing starts from. */
export function createMatcher(filter: Filter): (recording: SandboxRecording) => boolean {
  const afterMs = toMs(filter.after_datetime);
  const { before_datetime: _before, after_datetime: _after, ...rest } = filter;
  const looksInside = Object.keys(rest).length > 0;
  const search = rest.title_search?.toLowerCase();
  return ({ startMs, record }) => {
    // The documentation swaps the two descriptions; the service itself includes the lower edge.
    if (afterMs !== null && startMs < afterMs) return false;
    if (!looksInside) return true;
    const { title, teams, meeting_type: meetingType, participants } = Filtered.parse(record);
    const isExternal = participants.some((participant) => participant.scope === 'external');
    return (
      (search === undefined || title.toLowerCase().includes(search)) &&
      (rest.team === undefined || teams.some((team) => team.id === rest.team)) &&
      (rest.meeting_type === undefined || meetingType?.id === rest.meeting_type) &&
      (rest.participant_scope === undefined ||
        isExternal === (rest.participant_scope === 'external'))
    );
  };
}

/** Milliseconds since the epoch, null for an absent instant. */
export function toMs(datetime: string | undefined): number | null {
  return datetime === undefined ? null : Date.parse(datetime);
}
