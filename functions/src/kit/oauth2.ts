import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { Credentials } from '../core/imports/import-context.ts';
import type { PlatformVoice } from './answer-error.ts';
import type { ErrorReading, FailedAnswer, PlatformErrors } from './define-errors.ts';
import type { PlatformHttp } from './http.ts';

/** Our app at a platform, which its customers authorise. */
export interface OAuthApp {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** How a platform renews access tokens. Credentials are kept in the fields of `oauth2Fields`. */
export interface OAuth2Rules<TCredentials> {
  /** https; a function where it depends on the customer's data centre. */
  readonly tokenUrl: string | ((credentials: TCredentials) => string);
  /** How the app names itself: by a Basic header, or in the form beside the refresh token. */
  readonly clientAuthentication: 'basic' | 'form';
  /** What else an answer tells of the account, in the credentials' own fields. */
  readonly toFields?: (answer: Readonly<Record<string, unknown>>) => Partial<TCredentials>;
}

const text = z.string().trim().min(1).optional();

/** The fields in which a platform's credentials hold a grant; the last two are written here only. */
export const oauth2Fields = {
  accessToken: text.meta({
    title: 'OAuth access token',
    description: 'What the platform gave our app when the customer connected it.',
    secret: true,
  }),
  refreshToken: text.meta({
    title: 'OAuth refresh token',
    description: 'Came with the access token. Without it the import stops when that one expires.',
    secret: true,
  }),
  accessTokenExpiresAt: z.iso.datetime().optional().meta({ internal: true, secret: false }),
  /** What stays the same while the tokens change. */
  grantKey: z.string().optional().meta({ internal: true, secret: false }),
};

/** For a customer who has an app of their own at the platform; ours is then not used. */
export const oauth2AppFields = {
  clientId: text.meta({
    title: 'OAuth client id',
    description: 'Of the customer’s own app at the platform.',
    secret: false,
  }),
  clientSecret: text.meta({
    title: 'OAuth client secret',
    description: 'Of the same app.',
    secret: true,
  }),
};

/**
 * Lets credentials be either all fields of a key, or an access token with what else is needed beside
 * it: `z.strictObject({ … }).superRefine(keyOrTokens({ name: 'an API key', key: ['apiKey'] }))`.
 */
export function keyOrTokens(rule: {
  /** What the key is called: `an API key`. */
  readonly name: string;
  readonly key: readonly string[];
  readonly besideToken?: readonly string[];
}) {
  return (credentials: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    const has = (field: string): boolean => credentials[field] !== undefined;
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    const tokens = ['accessToken', 'refreshToken'].filter(has);
    const isKey = rule.key.some(has);
    if (!isKey && tokens.length === 0) {
      const [first = ''] = rule.key;
      return refuse(first, `is missing: send ${rule.name}, or the tokens of our app`);
    }
    const needed = isKey ? rule.key : ['accessToken', ...(rule.besideToken ?? [])];
    for (const field of needed) if (!has(field)) refuse(field, 'is missing');
    if (!isKey) return;
    for (const field of tokens) refuse(field, `is one too many: send ${rule.name} or tokens`);
  };
}

const Grant = z.looseObject({ ...oauth2Fields, ...oauth2AppFields });
type Grant = z.output<typeof Grant>;

/** Of the answer only the access token must be there: to refuse the rest would lose a rotated grant. */
const TokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).nullish().catch(null),
  expires_in: z.coerce.number().positive().nullish().catch(null),
});

/** Until when the tokens in these credentials work; null: there is no refresh token in them. */
export function findGrantRenewal(
  credentials: Credentials,
): { readonly expiresAt: Date | null } | null {
  const { refreshToken, accessTokenExpiresAt } = Grant.parse(credentials);
  if (refreshToken === undefined) return null;
  return { expiresAt: accessTokenExpiresAt === undefined ? null : new Date(accessTokenExpiresAt) };
}

/** Names a grant, the same before and after its tokens were renewed; for `accountOf`. */
export function toGrantKey(credentials: Credentials): string {
  const { grantKey, refreshToken, accessToken } = Grant.parse(credentials);
  if (grantKey !== undefined) return grantKey;
  const first = refreshToken ?? accessToken ?? '';
  return createHash('sha256').update(first).digest('hex').slice(0, 32);
}

/** The customer's own app where the credentials name one, else ours. @throws `auth_invalid` without either */
export function requireOAuthApp(
  credentials: Credentials,
  options: { readonly app: OAuthApp | null; readonly voice: PlatformVoice },
): OAuthApp {
  const { clientId, clientSecret } = Grant.parse(credentials);
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret };
  if (options.app !== null) return options.app;
  const { platform, displayName } = options.voice;
  throw new ImportError({
    kind: 'auth_invalid',
    source: platform,
    publicMessage: `The access token for ${displayName} has expired and can't be renewed: this deployment has no OAuth app for ${displayName}. An operator adds it to OAUTH_APPS; until then the customer can send a new access token.`,
  });
}

/** What every token request carries besides its form. */
export function toClientHeaders(
  { clientId, clientSecret }: OAuthApp,
  { clientAuthentication }: Pick<OAuth2Rules<never>, 'clientAuthentication'>,
): Readonly<Record<string, string>> {
  if (clientAuthentication === 'form') return {};
  const pair = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

/**
 * Exchanges the refresh token for the credentials that follow. The request is sent once: whether an
 * answer that did not arrive has used the token up, nobody knows.
 * @throws `auth_invalid` when the grant is over, `unavailable`, `timeout`, `rate_limited`, `contract`
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 */
export async function renewGrant<TCredentials>(options: {
  readonly credentials: Credentials;
  readonly rules: OAuth2Rules<TCredentials>;
  readonly app: OAuthApp;
  /** Whose base URL is the origin of the token URL, with `toClientHeaders` and `toTokenVoice`. */
  readonly http: PlatformHttp;
  readonly tokenPath: string;
  readonly now: () => Date;
}): Promise<Credentials> {
  const { credentials, rules, app, http } = options;
  const { refreshToken = '' } = Grant.parse(credentials);
  const answer = await http.request(
    {
      method: 'POST',
      path: options.tokenPath,
      form: {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        ...(rules.clientAuthentication === 'form' && {
          client_id: app.clientId,
          client_secret: app.clientSecret,
        }),
      },
    },
    TokenAnswer,
  );
  return {
    ...credentials,
    ...rules.toFields?.(answer),
    accessToken: answer.access_token,
    // Where none comes, the old one stays good.
    refreshToken: answer.refresh_token ?? refreshToken,
    accessTokenExpiresAt: toExpiry(answer.expires_in ?? null, options.now()),
    grantKey: toGrantKey(credentials),
  } satisfies Grant;
}

function toExpiry(seconds: number | null, now: Date): string | undefined {
  return seconds === null ? undefined : new Date(now.getTime() + seconds * 1000).toISOString();
}

/** A platform's voice at its token endpoint, where refusals mean something else than at its API. */
export function toTokenVoice(voice: PlatformVoice, app: OAuthApp): PlatformVoice {
  const pair = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64');
  return {
    ...voice,
    secrets: [...voice.secrets, app.clientSecret, pair],
    errors: toTokenErrors(voice),
  };
}

const Refusal = z.object({ error: z.string().regex(/^[a-z_]{1,40}$/) });
/** Statuses with which servers refuse a grant or an app; any other that is no success is an outage. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403, 422]);

function toTokenErrors({ displayName, errors }: PlatformVoice): PlatformErrors {
  const read = ({ status, body }: FailedAnswer): ErrorReading | null => {
    const code = Refusal.safeParse(body).data?.error ?? null;
    if (code === 'invalid_client' || code === 'unauthorized_client') {
      const message = `${displayName} rejected our OAuth app (${code}), not the customer's account: an operator corrects its client id and secret in OAUTH_APPS.`;
      return { kind: 'auth_invalid', message };
    }
    if (refusals.has(status)) {
      const said = code === null ? `status ${String(status)}` : code;
      const message = `${displayName} no longer renews the customer's access (${said}): it was revoked, or its refresh token was used up. Ask the customer to connect ${displayName} again, then go on with the new credentials.`;
      return { kind: 'auth_invalid', message };
    }
    return status === 408 || status === 429 || status >= 500 ? null : { kind: 'unavailable' };
  };
  return {
    read,
    // Zoho's accounts server, for one, refuses with status 200.
    failureIn: (body) => (Refusal.safeParse(body).success ? { status: 400, body } : null),
    ...(errors.requestIdOf && { requestIdOf: errors.requestIdOf }),
  };
}
