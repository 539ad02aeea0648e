import { z } from 'zod';
import { conceal } from '../core/credentials/secret.ts';
import { ImportError, toImportError } from '../core/errors.ts';
import type { ContextCapabilities, Credentials } from '../core/imports/import-context.ts';
import type { ListOptions, SourceCallPage } from '../core/imports/source-call.ts';
import { countPages } from '../kit/count-pages.ts';
import { isInRange } from '../kit/date-range.ts';
import { describeIssues } from '../kit/issues.ts';
import { hasNoTranscript } from '../kit/known-call.ts';
import { findGrantRenewal } from '../kit/oauth2.ts';
import { toCustomerBaseUrl } from './base-url.ts';
import type { ContextDefinition, CreatedContext, DefinedContext } from './context.ts';
import { createMediaMethods } from './media-methods.ts';
import { createSession } from './session.ts';
import type { Run, Session } from './session.ts';

/**
 * Makes an import context of what a platform's author wrote: credentials and filters are parsed,
 * dates filtered, errors translated, media downloaded safely.
 */
export function defineContext<
  TCredentials extends z.ZodObject,
  TFilters extends z.ZodObject,
  TClient,
>(definition: ContextDefinition<TCredentials, TFilters, TClient>): DefinedContext {
  const { platform, displayName, auth, rateLimits } = definition;
  const capabilities = { ...leastCapabilities, ...definition.capabilities };
  const identity = { platform, displayName, auth, capabilities, rateLimits };
  const { listing, credentials, filters, baseUrl, media } = definition;
  return {
    ...identity,
    ...{ listing, credentials, filters, baseUrl, media },
    isRenewable: definition.oauth2 !== undefined,
    create: (environment) => ({
      ...identity,
      rateLimits: environment.rateLimits ?? rateLimits,
      ...createMethods(definition, createSession(definition, environment)),
    }),
  };
}

const leastCapabilities: ContextCapabilities = {
  historicalImport: true,
  ongoingSync: false,
  transcriptReuse: false,
  exactCount: false,
  uploads: false,
};

type Methods = Omit<
  CreatedContext,
  'platform' | 'displayName' | 'auth' | 'capabilities' | 'rateLimits'
>;

function createMethods<TCredentials extends z.ZodObject, TFilters extends z.ZodObject, TClient>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  session: Session<TClient, z.output<TCredentials>>,
): Methods {
  const { platform: source, countCalls, hydrateCalls, getTranscript, acceptUploads } = definition;
  const run: Run<TClient, z.output<TCredentials>> = (credentials, signal, work) =>
    translated(definition.platform, async () => {
      const { client, toolkit } = session.connect(credentials, signal);
      return work(client, toolkit);
    });
  return {
    parseCredentials: (input) => {
      const credentials = parseInput(definition.credentials, input, definition);
      toCustomerBaseUrl(definition, credentials);
      return conceal(credentials);
    },
    accountOf: (credentials) => session.account(credentials),
    parseFilters: (input) => parseFilters(definition, input),
    validateCredentials: async (credentials, signal) => {
      try {
        const learned = await run(credentials, signal, definition.validateCredentials);
        if (learned === undefined) return { valid: true };
        const completed = definition.credentials.parse({ ...credentials, ...learned });
        return { valid: true, credentials: conceal(completed) };
      } catch (error) {
        if (!isCredentialFault(error)) throw error;
        return { valid: false, error: error.publicMessage };
      }
    },
    listCalls: (credentials, options, signal) =>
      listPages(definition, session, { credentials, options, signal }),
    ...(countCalls !== undefined && {
      countCalls: (credentials, { dateRange, filters }, signal) =>
        run(credentials, signal, (client, toolkit) => {
          const parsed = parseTypedFilters(definition, filters);
          const latest = toolkit.clock.now();
          const listing = { source, latest, dateRange, filters: parsed, isCount: true };
          if (countCalls !== 'by_listing') return countCalls(client, listing, toolkit);
          const pages = definition.listCalls(client, { ...listing, cursor: null }, toolkit);
          return countPages(pages, dateRange);
        }),
    }),
    ...(hydrateCalls !== undefined && {
      hydrateCalls: (credentials, calls, signal) =>
        run(credentials, signal, async (client, toolkit) => {
          const hydrated =
            hydrateCalls === 'by_listing' ? calls : await hydrateCalls(client, calls, toolkit);
          return hydrated.map((call) => ({ transcript: null, ...session.calls.toHydrated(call) }));
        }),
    }),
    ...(getTranscript !== undefined && {
      getTranscript: async (credentials, listed, signal) => {
        if (hasNoTranscript(listed)) return null;
        const found = await run(credentials, signal, (client, toolkit) =>
          getTranscript(client, listed, toolkit),
        ).catch((error: unknown) => session.calls.rethrow(error, listed, 'transcript'));
        if (found === null) session.calls.requireSettled(listed, 'transcript');
        return found === 'none' ? null : found;
      },
    }),
    ...(acceptUploads !== undefined && {
      acceptUploads: (batch) =>
        translated(definition.platform, () => acceptUploads(session.objects(), batch)),
    }),
    ...createRenewal(definition, session),
    ...createMediaMethods(definition, session, run),
  };
}

function createRenewal<TCredentials extends z.ZodObject, TFilters extends z.ZodObject, TClient>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  session: Session<TClient, z.output<TCredentials>>,
): Pick<Methods, 'findRenewal' | 'refreshCredentials'> {
  const { platform, oauth2, credentials: schema } = definition;
  if (oauth2 === undefined) return {};
  return {
    findRenewal: findGrantRenewal,
    refreshCredentials: (credentials, signal) =>
      translated(platform, async () =>
        schema.parse(await session.renew(credentials, oauth2, signal)),
      ),
  };
}

async function* listPages<TCredentials extends z.ZodObject, TFilters extends z.ZodObject, TClient>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  session: Session<TClient, z.output<TCredentials>>,
  request: {
    readonly credentials: Credentials;
    readonly options: ListOptions;
    readonly signal: AbortSignal | undefined;
  },
): AsyncGenerator<SourceCallPage> {
  const { platform: source } = definition;
  const { dateRange, cursor } = request.options;
  try {
    const filters = parseTypedFilters(definition, request.options.filters);
    const { client, toolkit } = session.connect(request.credentials, request.signal);
    const latest = toolkit.clock.now();
    const listing = { source, latest, dateRange, filters, cursor, isCount: false };
    const pages = definition.listCalls(client, listing, toolkit);
    for await (const { drifts = [], ...page } of pages) {
      for (const drift of drifts) await session.reportDrift(drift);
      yield {
        ...page,
        calls: page.calls
          .filter(({ metadata }) => isInRange(metadata.startedAt, dateRange))
          .map((call) => session.calls.toHydrated(call)),
      };
    }
  } catch (error) {
    throw toImportError(error, definition.platform);
  }
}

async function translated<T>(platform: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toImportError(error, platform);
  }
}

type AnyDefinition = Pick<DefinedContext, 'platform' | 'displayName' | 'filters'>;

function parseInput<TSchema extends z.ZodObject>(
  schema: TSchema,
  input: unknown,
  { platform, displayName }: Pick<AnyDefinition, 'platform' | 'displayName'>,
): z.output<TSchema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ImportError({
    kind: 'bad_request',
    source: platform,
    publicMessage: `The credentials for ${displayName} are not complete: ${describeIssues(parsed.error)}.`,
  });
}

function parseTypedFilters<TSchema extends z.ZodObject>(
  definition: Pick<AnyDefinition, 'platform' | 'displayName'> & { readonly filters: TSchema },
  input: unknown,
): z.output<TSchema> {
  const parsed = definition.filters.safeParse(input);
  if (parsed.success) return parsed.data;
  const names = Object.keys(definition.filters.shape);
  const allowed = names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}`;
  throw new ImportError({
    kind: 'bad_request',
    source: definition.platform,
    publicMessage: `${definition.displayName} cannot filter like this (${allowed}): ${describeIssues(parsed.error)}.`,
  });
}

const FlatFilters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

function parseFilters(definition: AnyDefinition, input: unknown): CallFiltersOutput {
  const filters = Object.entries(parseTypedFilters(definition, input));
  return FlatFilters.parse(Object.fromEntries(filters.filter(([, value]) => value !== undefined)));
}

type CallFiltersOutput = z.output<typeof FlatFilters>;

function isCredentialFault(error: unknown): error is ImportError {
  return (
    error instanceof ImportError &&
    (error.kind === 'auth_invalid' || error.kind === 'permission_denied')
  );
}
