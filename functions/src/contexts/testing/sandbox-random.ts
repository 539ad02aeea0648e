/** Uniform in [0, 1), the same sequence for the same seed and stream. */
export type Random = () => number;

/** A generator of its own for each stream number, so that records can be made in any order. */
export function createRandom(seed: number, stream: number): Random {
  let state = mix(mix(seed) ^ Math.imul(stream + 1, 0x85ebca6b));
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    return mix(state) / 2 ** 32;
  };
}

/** One of the items; @throws a RangeError when there are none. */
export function pickOne<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

/** The stream that ids are drawn from: one `kind` for each kind of thing, so that they do not coincide. */
export interface IdSpace {
  readonly seed: number;
  readonly kind: number;
}

/** A version 4 UUID that `indexOfUuid` can read the index back from: nothing has to be remembered. */
export function uuidAt({ seed, kind }: IdSpace, index: number): string {
  const random = createRandom(seed ^ Math.imul(kind, 0x27d4eb2f), index);
  const first = Math.imul(index ^ mix(seed + kind), scramble) >>> 0;
  const second = (random() * 2 ** 32) >>> 0;
  const third = (random() * 2 ** 32) >>> 0;
  const fourth = (random() * 2 ** 32) >>> 0;
  const versioned = toHex((second & 0xffff0fff) | 0x4000);
  const varied = toHex((third & 0x3fffffff) | 0x80000000);
  return `${toHex(first)}-${versioned.slice(0, 4)}-${versioned.slice(4)}-${varied.slice(0, 4)}-${varied.slice(4)}${toHex(fourth)}`;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** By table: ids are most of the work of a record, and a number's `toString(16)` most of an id's. */
function toHex(word: number): string {
  const [high, low] = [word >>> 16, word & 0xffff];
  return `${hexOfByte[high >>> 8]}${hexOfByte[high & 0xff]}${hexOfByte[low >>> 8]}${hexOfByte[low & 0xff]}`;
}

/** The index that `uuidAt` made this id of; null for any other text. */
export function indexOfUuid({ seed, kind }: IdSpace, uuid: string): number | null {
  if (!/^[0-9a-f]{8}-/.test(uuid)) return null;
  const first = parseInt(uuid.slice(0, 8), 16);
  const index = (Math.imul(first, unscramble) ^ mix(seed + kind)) >>> 0;
  return uuidAt({ seed, kind }, index) === uuid ? index : null;
}

/** A number of 19 digits, as text, that `indexOfDigits` can read the index back from. */
export function digitsAt({ seed, kind }: IdSpace, index: number): string {
  const lead = 100_000_000 + (mix(seed ^ Math.imul(kind, 0x27d4eb2f)) % 900_000_000);
  const rest = Math.imul(index ^ mix(seed + kind), scramble) >>> 0;
  return `${String(lead)}${String(rest).padStart(10, '0')}`;
}

/** The index that `digitsAt` made this id of; null for any other text. */
export function indexOfDigits(space: IdSpace, digits: string): number | null {
  if (!/^\d{19}$/.test(digits)) return null;
  const rest = Number(digits.slice(9));
  const index = (Math.imul(rest, unscramble) ^ mix(space.seed + space.kind)) >>> 0;
  return digitsAt(space, index) === digits ? index : null;
}

/** Odd, hence invertible modulo 2^32; the second is its inverse. */
const scramble = 0x9e3779b1;
const unscramble = 0xe8b2f51;

/** The finalizer of MurmurHash3: every input bit changes half of the output bits. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
