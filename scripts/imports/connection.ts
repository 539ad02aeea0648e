import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApiRequest, type ApiRequest } from '../start/api-client.ts';
import { UsageError } from '../lib/usage-error.ts';

export const defaultFolder = '.local';
const defaultApi = 'http://127.0.0.1:5001';

/** Where the API is, and how we ask it. */
export interface Connection {
  /** Without `/admin`. */
  readonly url: string;
  /** Whether this machine serves it. */
  readonly isLocal: boolean;
  readonly request: ApiRequest;
}

/** The environment's part of it. */
export interface Environment {
  readonly IMPORTS_API?: string | undefined;
  readonly IMPORTS_TOKEN?: string | undefined;
}

/**
 * Finds the API and a token for it. @throws UsageError for an address that is none, or that would
 * show the token to whoever listens, and when there is no token
 */
export async function openConnection(
  given: string | null,
  environment: Environment,
  folder = defaultFolder,
): Promise<Connection> {
  const { url, isLocal } = readAddress(given ?? (environment.IMPORTS_API || defaultApi));
  const token = environment.IMPORTS_TOKEN ?? (isLocal ? await readToken(folder) : null);
  if (!token) {
    throw new UsageError(
      isLocal
        ? `There is no token: set IMPORTS_TOKEN, or start the backend here, which writes ${join(folder, 'token')}.`
        : 'There is no token: set IMPORTS_TOKEN to a Firebase ID token of a user with the role support or admin.',
    );
  }
  return { url, isLocal, request: createApiRequest(url, token.trim()) };
}

function readAddress(text: string): { readonly url: string; readonly isLocal: boolean } {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`"${text}" is no address of an API: it begins with http:// or https://.`);
  }
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !isLocal) {
    throw new UsageError(`${url.host} must be https: anybody on the way could read the token.`);
  }
  const path = url.pathname.replace(/\/$/, '').replace(/\/admin$/, '');
  return { url: `${url.origin}${path}`, isLocal };
}

async function readToken(folder: string): Promise<string | null> {
  return readFile(join(folder, 'token'), 'utf8').catch(() => null);
}
