import type { Fetch, FetchInit, FetchResponse } from '../../kit/fetch.ts';
import type { PlatformSandbox } from '../../kit/sandbox.ts';

/** A request as the platform would see it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Stands before a platform and may answer in its place. */
export type WrapFetch = (platform: Fetch) => Fetch;

/** A sandbox's handler as a `Fetch`, in process. */
export function toFetch(sandbox: Pick<PlatformSandbox, 'fetch'>): Fetch {
  return async (url, init) => sandbox.fetch(new Request(url, init));
}

/** Records what goes through. */
export function createRecorder(platform: Fetch): { fetch: Fetch; seen: readonly SeenRequest[] } {
  const seen: SeenRequest[] = [];
  return {
    seen,
    fetch: (url, init) => {
      seen.push({ method: init.method, url, headers: init.headers });
      return platform(url, init);
    },
  };
}

/** Answers the first `times` requests itself; the rest goes to the platform. */
export function answering(
  answer: (request: { url: string; init: FetchInit }) => FetchResponse | Promise<FetchResponse>,
  times = Infinity,
): WrapFetch {
  return (platform) => {
    let answered = 0;
    return async (url, init) => {
      if (answered >= times) return platform(url, init);
      answered += 1;
      return answer({ url, init });
    };
  };
}

/** A status with the body that proxies and gateways send. */
export function status(
  code: number,
  headers: Readonly<Record<string, string>> = {},
): () => Response {
  return () =>
    new Response(JSON.stringify({ error: 'fault' }), {
      status: code,
      headers: { 'content-type': 'application/json', ...headers },
    });
}

/** Changes JSON answers on their way; null leaves an answer as it is. */
export function changingJson(change: (json: unknown) => unknown, times = Infinity): WrapFetch {
  return (platform) => {
    let changed = 0;
    return async (url, init) => {
      const response = await platform(url, init);
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      if (!isJson || response.status !== 200 || changed >= times) return response;
      const text = await new Response(ReadableStream.from(response.body ?? [])).text();
      const changedJson = change(JSON.parse(text));
      if (changedJson !== null) changed += 1;
      const body = changedJson === null ? text : JSON.stringify(changedJson);
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    };
  };
}

/** A field that no version of the platform's documentation knows, in every object. */
export function withUnknownFields(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withUnknownFields);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).map(([name, value]) => [name, withUnknownFields(value)]);
  return { ...Object.fromEntries(entries), field_of_tomorrow: { nested: [1, 'two', null] } };
}
