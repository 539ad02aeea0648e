import type { SandboxClip } from './audio/clips.ts';
import { repeatsOf, usableClips } from './sandbox-media.ts';
import {
  notetakers,
  ordinaryTitles,
  unusualTitles,
  vendorUsers,
  veryLongTitle,
} from './sandbox-people.ts';
import type { SandboxCompany, SandboxPerson } from './sandbox-people.ts';
import { createRandom, pickOne } from './sandbox-random.ts';
import type { Random } from './sandbox-random.ts';

export interface AccountShape {
  readonly calls: number;
  readonly seed: number;
  readonly createdAt: Date;
  /** About this many bytes in each recording; null: the clip's own size. */
  readonly mediaBytes: number | null;
  /** Every so many calls have no transcript, ever; null: none beyond the ordinary tenth. */
  readonly untranscribedEvery: number | null;
}

const dayMs = 86_400_000;
const spanMs = 90 * dayMs;
/** The newest call ended a little while ago. */
const newestAgeMs = 15 * 60_000;
/** A platform may still work on the transcripts of younger calls, so theirs are not missing but late. */
const settledAgeMs = 25 * 3_600_000;

/**
 * When call `index` began: newest first, strictly decreasing while calls lie two seconds or more
 * apart, on whole seconds as most APIs give them.
 */
export function startMsOf(shape: AccountShape, index: number): number {
  const slotMs = spanMs / shape.calls;
  const jitter = index === 0 ? 0 : createRandom(shape.seed, -1 - index)() / 2;
  const startMs = shape.createdAt.getTime() - newestAgeMs - (index + jitter) * slotMs;
  return Math.floor(startMs / 1000) * 1000;
}

/** What a call sounds like, as the seed has it. */
export interface CallSound {
  /** Null: there is nothing to download. */
  readonly clip: SandboxClip | null;
  readonly durationMs: number;
  readonly hasTranscript: boolean;
  /** The transcript names the second speaker, but nothing joins the name to a participant. */
  readonly hasNamelessGuest: boolean;
}

/** Draws a call's recording: every twentieth has none, about a tenth of the older have no transcript. */
export function drawSound(
  random: Random,
  options: {
    readonly shape: AccountShape;
    readonly index: number;
    readonly startMs: number;
    /** Default: every clip that fits the shape. */
    readonly clips?: readonly SandboxClip[];
  },
): CallSound {
  const { shape, index, startMs } = options;
  const clips = options.clips ?? usableClips(shape.mediaBytes);
  const clip = random() < 0.05 ? null : pickOne(random, clips);
  const isSettled = shape.createdAt.getTime() - startMs > settledAgeMs;
  const isUntranscribed = (random() < 0.1 && isSettled) || isNth(index, shape.untranscribedEvery);
  const hasNamelessGuest = random() < 0.1;
  const durationMs =
    clip === null
      ? 600_000 + Math.floor(random() * 3_000) * 1000
      : Math.round(clip.durationSeconds * repeatsOf(clip, shape.mediaBytes) * 1000);
  return { clip, durationMs, hasTranscript: !isUntranscribed, hasNamelessGuest };
}

function isNth(index: number, every: number | null): boolean {
  return every !== null && index % every === every - 1;
}

/** The way in which somebody named a meeting with this company. */
export function toTitle(random: Random, company: SandboxCompany): string {
  const roll = random();
  const unusual = roll < 0.02 ? veryLongTitle : pickOne(random, unusualTitles);
  const title = roll < 0.12 ? unusual : pickOne(random, ordinaryTitles);
  return title.replace('{company}', company.name);
}

/** Somebody in a meeting. */
export interface Attendee extends SandboxPerson {
  readonly scope: 'internal' | 'external' | 'unknown';
  readonly attended: boolean;
}

/** The first two speak in the recording; the others listened, did not come or are machines. */
export function pickPeople(
  random: Random,
  options: { readonly company: SandboxCompany; readonly isInternal: boolean },
): readonly Attendee[] {
  const scope = options.isInternal ? 'internal' : 'external';
  const host = pickOne(random, vendorUsers);
  const others = (options.isInternal ? vendorUsers : options.company.people).filter(
    (person) => person !== host,
  );
  const guest = pickOne(random, others);
  const people: Attendee[] = [
    { ...host, scope: 'internal', attended: true },
    { ...guest, scope, attended: true },
  ];
  const remaining = others.filter((person) => person !== guest);
  if (remaining.length > 0 && random() < 0.4) {
    people.push({ ...pickOne(random, remaining), scope, attended: random() < 0.5 });
  }
  if (random() < 0.25) {
    people.push({ ...pickOne(random, notetakers), scope: 'unknown', attended: true });
  }
  return people;
}
