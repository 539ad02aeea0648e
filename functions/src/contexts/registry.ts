import type { z } from 'zod';
import type { ContextCapabilities, Platform, RateLimits } from '../core/imports/import-context.ts';
import { platformNames, platforms } from '../core/imports/import-context.ts';
import { describeField } from '../kit/fields.ts';
import { oauth2Fields } from '../kit/oauth2.ts';
import type {
  ContextEnvironment,
  CreatedContext,
  DefinedContext,
  PlatformListing,
  PlatformStatus,
  ProvenBy,
} from './context.ts';
import { chorusContext } from './chorus/chorus.context.ts';
import { fathomContext } from './fathom/fathom.context.ts';
import { firefliesContext } from './fireflies/fireflies.context.ts';
import { gongContext } from './gong/gong.context.ts';
import { grainContext } from './grain/grain.context.ts';
import { manualContext } from './manual/manual.context.ts';
import { zohoMeetingContext } from './zoho-meeting/zoho-meeting.context.ts';

/** Every context there is: one line for each. */
export const definedContexts: readonly DefinedContext[] = [
  chorusContext,
  fathomContext,
  firefliesContext,
  gongContext,
  grainContext,
  manualContext,
  zohoMeetingContext,
];

/** One field that a customer fills in. */
export interface InputField {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  readonly secret: boolean;
}

/** What the capability registry says of a platform. */
export interface PlatformRow {
  readonly platform: Platform;
  readonly displayName: string;
  readonly status: PlatformStatus;
  readonly provenBy: ProvenBy | null;
  readonly auth: DefinedContext['auth'] | null;
  readonly capabilities: ContextCapabilities | null;
  readonly rateLimits: RateLimits | null;
  readonly limits: string | null;
  /** What the access costs the customer there. */
  readonly price: string | null;
  readonly credentials: readonly InputField[];
  readonly filters: readonly InputField[];
  readonly instructions: readonly string[];
  readonly scopes: PlatformListing['scopes'];
  readonly docsUrl: string | null;
}

/** Rows for every platform that the engine knows of, those without a context as `coming_soon`. */
export function platformRows(): readonly PlatformRow[] {
  return platforms.map((platform) => {
    const defined = definedContexts.find((context) => context.platform === platform);
    return defined === undefined ? toComingRow(platform) : toRow(defined);
  });
}

/**
 * The platform that a caller means, null for none: case, spaces and hyphens do not matter, and
 * `FIVE29` is Five9, as which the product's specification misspells it.
 */
export function resolvePlatform(name: string): Platform | null {
  const normal = name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  const meant = aliases.get(normal) ?? normal;
  return platforms.find((platform) => platform === meant) ?? null;
}

/** Creates contexts at first use, each once; null for a platform that has none yet. */
export function createContexts(
  environmentFor: (platform: Platform) => ContextEnvironment,
): (platform: Platform) => CreatedContext | null {
  const created = new Map<Platform, CreatedContext>();
  return (platform) => {
    const known = created.get(platform);
    if (known !== undefined) return known;
    const defined = definedContexts.find((context) => context.platform === platform);
    if (defined === undefined) return null;
    const context = defined.create(environmentFor(platform));
    created.set(platform, context);
    return context;
  };
}

/** What stands above `toPlatformTableRow`. */
export const platformTableHead = [
  '| Platform | Status | Proven by | Credentials | Brings over | Limits | Price there |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];

/** A row of the table in the README and in the platform's own page. */
export function toPlatformTableRow(row: PlatformRow): string {
  const cells = [
    `${row.displayName} (\`${row.platform}\`)`,
    row.status.replaceAll('_', ' '),
    row.provenBy ?? '–',
    describeCredentials(row),
    row.capabilities === null ? '–' : describeCapabilities(row.capabilities),
    row.limits ?? '–',
    row.price ?? '–',
  ];
  return `| ${cells.join(' | ')} |`;
}

const aliases: ReadonlyMap<string, Platform> = new Map([['five29', 'five9']]);

function toComingRow(platform: Platform): PlatformRow {
  return {
    platform,
    displayName: platformNames[platform],
    status: 'coming_soon',
    ...{ provenBy: null, auth: null, capabilities: null, rateLimits: null },
    ...{ limits: null, price: null },
    ...{ credentials: [], filters: [], instructions: [], scopes: [], docsUrl: null },
  };
}

function toRow(context: DefinedContext): PlatformRow {
  const { platform, displayName, auth, capabilities, rateLimits, listing } = context;
  return {
    ...{ platform, displayName, auth, capabilities, rateLimits },
    ...listing,
    credentials: toFields(context.credentials, { isSecret: true }),
    filters: toFields(context.filters, { isSecret: false }),
  };
}

/** A field that does not say whether it is secret counts as what is safer for its schema. */
function toFields(
  schema: z.ZodObject,
  defaults: { readonly isSecret: boolean },
): readonly InputField[] {
  return Object.keys(schema.shape).flatMap((name) => {
    // Each field of an object schema is a schema; the shape of a generic one does not say so.
    const field = schema.shape[name] as z.ZodType;
    const meta = describeField(field);
    // What the engine writes by itself is nothing to ask a customer for.
    if (meta['internal'] === true) return [];
    return {
      name,
      title: meta.title ?? name,
      description: meta.description ?? '',
      required: !field.safeParse(undefined).success,
      secret: defaults.isSecret ? meta['secret'] !== false : meta['secret'] === true,
    };
  });
}

function describeCredentials({ auth, credentials }: PlatformRow): string {
  if (auth === null) return '–';
  const takesTokens = credentials.some(({ name }) => name in oauth2Fields);
  if (auth === 'api_key') return takesTokens ? 'API key or OAuth' : 'API key';
  return auth === 'oauth' ? 'OAuth' : 'none';
}

function describeCapabilities(capabilities: ContextCapabilities): string {
  const parts = [
    capabilities.historicalImport ? 'history' : null,
    capabilities.ongoingSync ? 'new calls' : null,
    capabilities.transcriptReuse ? 'transcripts' : null,
    capabilities.uploads ? 'uploaded files' : null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
