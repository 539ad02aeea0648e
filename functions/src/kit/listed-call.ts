import type { CallMetadata, SkipReason, SourceParticipant } from '../core/imports/source-call.ts';
import { addNotes } from './known-call.ts';
import type { KnownCall } from './known-call.ts';

/** As a platform has it, which leaves out what it does not know, or sends null or an empty text. */
type AsSent<T> = { readonly [Name in keyof T]?: T[Name] | null | undefined };

/** A date, its ISO text, or milliseconds since the epoch. */
type Instant = Date | string | number | null | undefined;

/** What a listing says of a call: only what the platform has needs to be named. */
export interface ListedCall
  extends
    AsSent<Omit<CallMetadata, 'startedAt' | 'participants'>>,
    Pick<KnownCall, 'recording' | 'transcript'> {
  readonly id: string;
  readonly startedAt?: Instant;
  /** Makes the duration where the platform gives none. */
  readonly endedAt?: Instant;
  readonly participants?: readonly SourceParticipant[] | undefined;
  /** Of what is said, BCP 47. */
  readonly language?: string | null | undefined;
  /** What the adapter reads again by `noteOf`, if it is not lost. */
  readonly note?: string | null | undefined;
  readonly skip?: SkipReason | null;
}

/** Makes a listed call of what is known of it; all else is null. */
export function toListedCall(listed: ListedCall): KnownCall {
  const startedAt = toDate(listed.startedAt);
  const { recording, transcript } = listed;
  const [language, note] = [listed.language, listed.note].map((text) => toText(text) ?? undefined);
  const hint = addNotes({}, { language, note });
  return {
    sourceCallId: listed.id,
    metadata: {
      title: toText(listed.title),
      startedAt,
      durationSeconds: listed.durationSeconds ?? toSeconds(startedAt, toDate(listed.endedAt)),
      participants: [...(listed.participants ?? [])],
      sourceUrl: toText(listed.sourceUrl),
      direction: listed.direction ?? null,
      mediaKind: listed.mediaKind ?? null,
      summary: toText(listed.summary),
    },
    ...(hint !== undefined && { hint }),
    ...(recording !== undefined && { recording }),
    ...(transcript !== undefined && { transcript }),
    ...(listed.skip && { skip: listed.skip }),
  };
}

/** Makes a participant of what is known of a person; all else is null, or unknown. */
export function toPerson(person: AsSent<SourceParticipant>): SourceParticipant {
  return {
    id: toText(person.id),
    name: toText(person.name),
    email: toText(person.email),
    phone: toText(person.phone),
    role: person.role ?? 'unknown',
    attended: person.attended ?? null,
  };
}

/**
 * Adds people of another list, of the invited say, each address once. Who has no address may be among
 * those who are there already, and is left out.
 */
export function addByEmail(
  people: readonly SourceParticipant[],
  others: readonly SourceParticipant[],
): SourceParticipant[] {
  const known = new Set(people.map(({ email }) => email?.toLowerCase()));
  const added = others.filter(({ email }) => {
    if (email === null || known.has(email.toLowerCase())) return false;
    known.add(email.toLowerCase());
    return true;
  });
  return [...people, ...added];
}

/** A text as it was sent; an empty one is none. */
export function toText(text: string | null | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

/** A number that no calendar holds says nothing, either. */
function toDate(instant: Instant): Date | null {
  const date = new Date(instant ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** An end before the start is nonsense, which says nothing. */
function toSeconds(startedAt: Date | null, endedAt: Date | null): number | null {
  if (startedAt === null || endedAt === null) return null;
  const seconds = (endedAt.getTime() - startedAt.getTime()) / 1000;
  return seconds >= 0 ? seconds : null;
}
