import type { ErrorKind } from '../../core/errors.ts';
import { ImportError } from '../../core/errors.ts';
import type { Credentials } from '../../core/imports/import-context.ts';
import type { SourceCall, SourceCallPage } from '../../core/imports/source-call.ts';
import { isNotFilledIn } from '../../kit/not-filled-in.ts';
import type { CreateSandbox, PlatformSandbox } from '../../kit/sandbox.ts';
import type { CreatedContext, DefinedContext } from '../context.ts';
import type { FakeClock } from './fake-clock.ts';
import type { SeenRequest, WrapFetch } from './fault-fetch.ts';
import type { ContextEnvironment } from '../context.ts';

/** One thing that the suite asks of every adapter. */
export interface Check {
  /** A sentence about behaviour. */
  readonly name: string;
  readonly run: (suite: Suite) => Promise<void>;
}

/** What only the adapter's author can say to the suite. */
export interface ContractOptions {
  readonly sandbox: CreateSandbox;
  /** What the sandbox accepts. */
  readonly credentials: Credentials;
  /** For a context with OAuth: what its sandbox accepts of a customer who has just connected. */
  readonly grant?: Credentials;
  /** Raw records as the platform would list them, for `putRecord`. */
  readonly records: {
    /** A whole one. */
    whole(call: { id: string; title: string; startedAt: Date }): Readonly<Record<string, unknown>>;
    /** Only what the platform always sends. */
    sparse(call: { id: string; startedAt: Date }): Readonly<Record<string, unknown>>;
    /** One that breaks the platform's contract, its id readable. */
    broken(call: { id: string; startedAt: Date }): Readonly<Record<string, unknown>>;
  };
  /** What a record's id becomes, where a call is named by more. Default: it stays as it is. */
  readonly sourceCallIdOf?: (id: string) => string;
  /** Changes to a listing's answer; null for an answer that is no listing's. */
  readonly tamper: {
    /** Takes all records out and keeps the cursor. */
    emptyPage(json: unknown): unknown;
    /** Takes a required field of the page out. */
    missingField(json: unknown): unknown;
    /** Its path in the error. */
    readonly missingPath: string;
  };
  /** The sandbox's names of faults; a check without its fault has to be skipped by name. */
  readonly faults: {
    readonly repeatedCursor?: string;
    readonly expiredLinks?: string;
    readonly lateTranscripts?: string;
    readonly noTranscripts?: string;
  };
  /** Statuses of a listing that mean something else on this platform. */
  readonly kindsByStatus?: Readonly<Partial<Record<number, ErrorKind>>>;
  /** Checks or whole groups that the platform cannot pass, each with the reason. */
  readonly skip: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

export interface OpenOptions {
  readonly calls?: number;
  readonly pageSize?: number;
  readonly faults?: readonly (string | undefined)[];
  readonly wrap?: WrapFetch;
  readonly environment?: Partial<ContextEnvironment>;
  readonly requestsPerMinute?: number;
}

/** A context before a fresh sandbox account, on a clock that only sleeping moves. */
export interface Opened {
  readonly context: CreatedContext;
  readonly sandbox: PlatformSandbox;
  readonly clock: FakeClock;
  /** What was sent, in order. */
  readonly seen: readonly SeenRequest[];
}

export interface Suite {
  readonly definition: DefinedContext;
  readonly options: ContractOptions;
  readonly credentials: Credentials;
  open(options?: OpenOptions): Opened;
}

export const openRange = { start: null, end: null };

/** Every page of a listing, with all defaults. */
export async function listAll(
  { context }: Pick<Opened, 'context'>,
  credentials: Credentials,
  options: Partial<Parameters<CreatedContext['listCalls']>[1]> = {},
): Promise<readonly SourceCallPage[]> {
  const pages: SourceCallPage[] = [];
  const listing = context.listCalls(credentials, {
    dateRange: openRange,
    filters: {},
    cursor: null,
    ...options,
  });
  for await (const page of listing) pages.push(page);
  return pages;
}

export function toCalls(pages: readonly SourceCallPage[]): readonly SourceCall[] {
  return pages.flatMap((page) => page.calls);
}

export function toIds(pages: readonly SourceCallPage[]): readonly string[] {
  return toCalls(pages).map((call) => call.sourceCallId);
}

/** The first element that is one; fails the test where there is none. */
export function required<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`The sandbox has no ${what}.`);
  return value;
}

/** The `ImportError` that the work ends with; fails the test when it ends well or otherwise. */
export async function failureOf(work: Promise<unknown>): Promise<ImportError> {
  try {
    await work;
  } catch (error) {
    // The error of an adapter that is being written is no failure that a check may accept.
    if (isNotFilledIn(error)) throw error;
    expect(error).toBeInstanceOf(ImportError);
    if (error instanceof ImportError) return error;
  }
  throw new Error('It should have failed with an ImportError.');
}

/** Every call of a listing; @throws when nothing matches */
export async function findCall(
  suite: Suite,
  opened: Opened,
  matches: (truth: ReturnType<PlatformSandbox['truth']>[number]) => boolean,
): Promise<SourceCall> {
  const wanted = required(opened.sandbox.truth().find(matches), 'such call');
  const calls = toCalls(await listAll(opened, suite.credentials));
  return required(
    calls.find((call) => call.sourceCallId === wanted.sourceCallId),
    'listed call of that id',
  );
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
