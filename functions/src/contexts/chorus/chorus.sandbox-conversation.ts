import { z } from 'zod';
import { sandboxClips } from '../testing/audio/clips.ts';
import type { SandboxEngagement } from './chorus.sandbox-call.ts';

/** As much of an engagement as its conversation repeats; a put one may lack anything. */
const Engagement = z.object({
  subject: z.string().nullish().catch(null),
  language: z.string().nullish().catch(null),
  duration: z.number().nullish().catch(null),
  user_email: z.string().nullish().catch(null),
  participants: z
    .array(z.looseObject({ name: z.string().nullish(), type: z.string().nullish() }))
    .catch([]),
});
type Engagement = z.infer<typeof Engagement>;

export interface ConversationOptions {
  readonly status: string;
  /** What a second is in its times: 1, or 1000 where they are milliseconds. */
  readonly perSecond: 1 | 1000;
}

/** The attributes of a call's conversation in API v1, as far as `fields` asks for them. */
export function toAttributes(
  call: SandboxEngagement,
  options: ConversationOptions & { readonly fields: string | undefined },
): Readonly<Record<string, unknown>> {
  const attributes = toConversation(call, options);
  if (options.fields === undefined) return attributes;
  const wanted = new Set(options.fields.split(','));
  return select(attributes, { wanted, prefix: '' });
}

/** `recording` asks for all of it, `recording.duration` for that alone. */
function select(
  value: Readonly<Record<string, unknown>>,
  { wanted, prefix }: { readonly wanted: ReadonlySet<string>; readonly prefix: string },
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      const path = `${prefix}${name}`;
      if (wanted.has(path)) return [[name, inner]];
      const isAskedInPart = [...wanted].some((each) => each.startsWith(`${path}.`));
      if (!isAskedInPart || typeof inner !== 'object' || inner === null) return [];
      return [[name, select({ ...inner }, { wanted, prefix: `${path}.` })]];
    }),
  );
}

function toConversation(call: SandboxEngagement, options: ConversationOptions) {
  const engagement = Engagement.parse(call.record);
  const startTime = Number.isFinite(call.startMs) ? new Date(call.startMs).toISOString() : null;
  return {
    name: engagement.subject ?? null,
    status: options.status,
    private: false,
    language: engagement.language ?? null,
    source: 'zoom',
    owner: { email: engagement.user_email ?? null, user_id: call.record['user_id'] ?? null },
    participants: engagement.participants.map((person) => ({
      ...person,
      is_my_team: person.type === 'rep',
      picture: null,
    })),
    ...{ account: null, deal: null, action_items: [] },
    summary: call.record['meeting_summary'] ?? null,
    meeting: { id: call.id, calendar_id: null, ical_uid: null, meeting_url: null },
    recording:
      call.clip === null
        ? null
        : {
            audio_only: !call.clip.contentType.startsWith('video/'),
            duration: engagement.duration ?? null,
            ...{ start_time: startTime, schedule_start_time: startTime },
            clusters: [],
            utterances: toUtterances(call, engagement, options),
          },
  };
}

/** What is said in the recording, in the turns of its two voices; nothing before it is processed. */
function toUtterances(
  call: SandboxEngagement,
  { participants }: Engagement,
  { status, perSecond }: ConversationOptions,
) {
  if (!call.hasTranscript || status !== 'done') return [];
  return ((call.clip ?? sandboxClips[0])?.utterances ?? []).map((line, index) => {
    const person = participants[line.speaker];
    const isPlaced = person !== undefined && !(line.speaker === 1 && call.hasNamelessGuest);
    return {
      ...{ id: `u${String(index + 1)}`, index, snippet: line.text },
      snippet_time: (line.startMs / 1000) * perSecond,
      snippet_length: ((line.endMs - line.startMs) / 1000) * perSecond,
      snippet_word_count: line.text.split(' ').length,
      participant: isPlaced ? line.speaker : null,
      speaker_id: `c${String(line.speaker + 1)}`,
      speaker_name: person?.name ?? `Speaker ${String(line.speaker + 1)}`,
      speaker_type: person?.type ?? 'unknown',
    };
  });
}
