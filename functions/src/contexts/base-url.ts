import { ImportError } from '../core/errors.ts';
import { isHostOf } from '../kit/guarded-fetch.ts';
import type { CustomerBaseUrls } from './context.ts';

/**
 * The address that the credentials name for the API, with the path of the platform's own; null where
 * they name none. @throws `bad_request` for one that is not https or not the platform's
 */
export function toCustomerBaseUrl<TCredentials>(
  definition: {
    readonly platform: string;
    readonly displayName: string;
    readonly baseUrl: string | null;
    readonly customerBaseUrls?: CustomerBaseUrls<TCredentials>;
  },
  credentials: TCredentials,
): string | null {
  const { baseUrl, customerBaseUrls: rule } = definition;
  const text = rule?.of(credentials) ?? null;
  if (rule === undefined || baseUrl === null || text === null) return null;
  const url = URL.parse(text);
  const isSafe =
    url !== null &&
    url.protocol === 'https:' &&
    url.username + url.password + url.port === '' &&
    isHostOf(rule.hosts, url.hostname);
  if (isSafe) return url.origin + new URL(baseUrl).pathname;
  throw new ImportError({
    kind: 'bad_request',
    source: definition.platform,
    publicMessage: `The credentials for ${definition.displayName} have an address that is not theirs: ${rule.field}: must be https and one of ${rule.hosts.join(', ')}.`,
  });
}
