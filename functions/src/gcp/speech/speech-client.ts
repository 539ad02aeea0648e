import type * as Speech from '@google-cloud/speech';

export type SpeechClient = Speech.v2.SpeechClient;
export type SpeechProtos = typeof Speech.protos;

type ClientOptions = NonNullable<ConstructorParameters<typeof Speech.v2.SpeechClient>[0]>;

export interface SpeechEndpoint {
  /** An `http:` address is asked in plain text and without credentials: for the sandbox. */
  readonly url: string;
  /** Answers in place of the network; only for an `http:` address. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface SpeechConnection {
  readonly client: SpeechClient;
  readonly protos: SpeechProtos;
}

/**
 * Loads the client and connects it, over REST: one transport for Google and for the sandbox.
 * @see https://cloud.google.com/speech-to-text/v2/docs/reference/rest (hosts by location)
 */
export async function connectSpeech(options: {
  projectId: string;
  location: string;
  apiEndpoint: SpeechEndpoint | null;
}): Promise<SpeechConnection> {
  const { v2, protos } = await import('@google-cloud/speech');
  const client = new v2.SpeechClient({
    fallback: true,
    projectId: options.projectId,
    ...toAddress(options),
  });
  // Every method initialises too, but throws a failure away as an unhandled rejection, which ends
  // the process (@google-cloud/speech 8.1.0, v2/speech_client.js); here it can be caught.
  await client.initialize();
  return { client, protos };
}

/** The client's options for an endpoint; an `http:` one never gets credentials. */
export function toAddress(options: {
  location: string;
  apiEndpoint: SpeechEndpoint | null;
}): ClientOptions {
  const { location, apiEndpoint } = options;
  if (apiEndpoint === null) {
    // The location in the host and in the recogniser's path must agree.
    const host = location === 'global' ? '' : `${location}-`;
    return { apiEndpoint: `${host}speech.googleapis.com` };
  }
  const url = new URL(apiEndpoint.url);
  if (url.protocol === 'https:') {
    return { apiEndpoint: url.hostname, port: Number(url.port || 443) };
  }
  return {
    apiEndpoint: url.hostname,
    port: Number(url.port || 80),
    protocol: 'http',
    auth: toNoAuth(apiEndpoint.fetch ?? globalThis.fetch),
  };
}

function toNoAuth(fetch: typeof globalThis.fetch): NonNullable<ClientOptions['auth']> {
  const auth = {
    getRequestHeaders: async () => new Headers(),
    // gax also passes options of its own transport (an agent, a response type): left out here.
    fetch: (url: string, init: RequestInit) =>
      fetch(url, {
        method: init.method ?? 'GET',
        ...(init.headers === undefined ? {} : { headers: init.headers }),
        ...(init.body === undefined ? {} : { body: init.body }),
        ...(init.signal === undefined ? {} : { signal: init.signal }),
      }),
  };
  // Over REST the client calls `getRequestHeaders` and `fetch` of its `auth` and nothing else
  // (google-gax 6.17.0, fallback.js `createStub` and fallbackServiceStub.js).
  return auth as unknown as NonNullable<ClientOptions['auth']>;
}
