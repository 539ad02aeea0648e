import type { MediaSource } from '../../../core/imports/source-call.ts';
import type { Fetch } from '../../../kit/fetch.ts';
import type { Check, Opened, Suite } from '../check.ts';
import { failureOf, findCall, readAll, required } from '../check.ts';

export const mediaChecks: readonly Check[] = [
  {
    name: 'fetches an expired link to a recording again, once',
    run: async (suite) => {
      const faults = [required(suite.options.faults.expiredLinks, 'fault expiredLinks')];
      const opened = suite.open({ faults });
      const media = await fetchMedia(suite, opened);
      const stream = await opened.context.openMedia(suite.credentials, media);
      expect((await readAll(stream.body)).byteLength).toBe(stream.sizeBytes);
    },
  },
  {
    name: 'gives a recording up whose link is always expired',
    run: async (suite) => {
      const switchable = createSwitch();
      const opened = suite.open({ wrap: switchable.wrap });
      const media = await fetchMedia(suite, opened);
      let fileRequests = 0;
      switchable.answer = (url) => {
        if (url.startsWith(fileHost(suite))) {
          fileRequests += 1;
          return new Response('<Error/>', { status: 403 });
        }
        return redirect(`${fileHost(suite)}/recording?signature=s3cr3t-signature`);
      };
      const error = await failureOf(
        opened.context.openMedia(suite.credentials, asApiLink(suite, media)),
      );
      expect(error).toMatchObject({ kind: 'not_found', source: suite.definition.platform });
      expect(error.message).not.toContain('s3cr3t-signature');
      expect(fileRequests).toBe(1);
    },
  },
  {
    name: 'refuses a recording on a private address before any request',
    run: async (suite) => {
      const opened = suite.open();
      for (const url of [
        'https://169.254.169.254/computeMetadata/v1/',
        'https://[::ffff:10.0.0.1]/a.mp3',
        'https://2130706433/a.mp3',
        'http://media.example.com/a.mp3',
        'file:///etc/passwd',
        'not a url',
      ]) {
        const open = opened.context.openMedia(suite.credentials, { kind: 'url', url });
        expect((await failureOf(open)).kind).toBe('contract');
      }
      expect(opened.seen).toEqual([]);
    },
  },
  {
    name: 'refuses a recording on a foreign host before any request',
    run: async (suite) => {
      const opened = suite.open();
      const url = 'https://evil.example.com/a.mp3';
      const open = opened.context.openMedia(suite.credentials, { kind: 'url', url });
      expect((await failureOf(open)).kind).toBe('contract');
      expect(opened.seen).toEqual([]);
    },
  },
  {
    name: 'carries no credentials off the origin of the platform, not even on the way back',
    run: async (suite) => {
      const switchable = createSwitch();
      const opened = suite.open({ wrap: switchable.wrap });
      const media = await fetchMedia(suite, opened);
      const first = opened.seen.length;
      const back = `${apiOrigin(suite)}/back`;
      switchable.answer = (url) => {
        if (url === back) return recording('bytes');
        return redirect(url.startsWith(fileHost(suite)) ? back : `${fileHost(suite)}/a.mp3`);
      };
      const source = asApiLink(suite, media);
      const stream = await opened.context.openMedia(suite.credentials, source);
      expect((await readAll(stream.body)).toString()).toBe('bytes');
      const [own, ...others] = opened.seen.slice(first);
      expect(hasSecret(suite, own?.headers)).toBe(true);
      expect(others.map((request) => new URL(request.url).origin)).toEqual([
        fileHost(suite),
        apiOrigin(suite),
      ]);
      for (const { headers } of others) expect(hasSecret(suite, headers)).toBe(false);
    },
  },
  {
    name: 'refuses a redirect to a private address',
    run: async (suite) => {
      const switchable = createSwitch();
      const opened = suite.open({ wrap: switchable.wrap });
      const media = asApiLink(suite, await fetchMedia(suite, opened));
      const first = opened.seen.length;
      for (const target of ['http://127.0.0.1:9/', 'https://10.0.0.1/a', 'https://[fd00::1]/a']) {
        switchable.answer = () => redirect(target);
        const error = await failureOf(opened.context.openMedia(suite.credentials, media));
        expect(error.kind).toBe('contract');
      }
      expect(opened.seen.length - first).toBe(3);
    },
  },
  {
    name: 'follows at most five redirects',
    run: async (suite) => {
      const switchable = createSwitch();
      const opened = suite.open({ wrap: switchable.wrap });
      const media = asApiLink(suite, await fetchMedia(suite, opened));
      const first = opened.seen.length;
      switchable.answer = () => redirect(`${fileHost(suite)}/again`);
      const error = await failureOf(opened.context.openMedia(suite.credentials, media));
      expect(error.kind).toBe('contract');
      expect(opened.seen.length - first).toBe(6);
    },
  },
  {
    name: 'takes a web page for no recording',
    run: async (suite) => {
      const switchable = createSwitch();
      const opened = suite.open({ wrap: switchable.wrap });
      const media = asApiLink(suite, await fetchMedia(suite, opened));
      switchable.answer = () =>
        new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } });
      const error = await failureOf(opened.context.openMedia(suite.credentials, media));
      expect(error.kind).toBe('contract');
    },
  },
  {
    name: 'never stores fewer bytes than were declared',
    run: async (suite) => {
      const switchable = createSwitch();
      const opened = suite.open({ wrap: switchable.wrap });
      const media = asApiLink(suite, await fetchMedia(suite, opened));
      switchable.answer = () => recording('short', { 'content-length': '4096' });
      const stream = await opened.context.openMedia(suite.credentials, media);
      const error = await failureOf(readAll(stream.body));
      expect(error).toMatchObject({ kind: 'unavailable', retryable: true });
    },
  },
  {
    name: 'never stores more bytes than were declared',
    run: async (suite) => {
      const switchable = createSwitch();
      const opened = suite.open({ wrap: switchable.wrap });
      const media = asApiLink(suite, await fetchMedia(suite, opened));
      switchable.answer = () => recording('much longer than that', { 'content-length': '4' });
      const stream = await opened.context.openMedia(suite.credentials, media);
      expect((await failureOf(readAll(stream.body))).kind).toBe('contract');
    },
  },
];

async function fetchMedia(suite: Suite, opened: Opened): Promise<MediaSource> {
  const listed = await findCall(suite, opened, (call) => call.hasMedia);
  const { media } = await opened.context.fetchCall(suite.credentials, listed);
  return required(media, 'media source');
}

/** A link under the API, as a platform would give it whose recordings are part of its API. */
function asApiLink({ definition }: Suite, media: MediaSource): MediaSource {
  const url = `${definition.baseUrl ?? ''}/contract-suite/recording`;
  return media.kind === 'url' ? { ...media, url } : { kind: 'url', url };
}

function apiOrigin({ definition }: Suite): string {
  return new URL(required(definition.baseUrl, 'base URL')).origin;
}

/** A host that the platform's rules let a redirect name. */
function fileHost({ definition }: Suite): string {
  const { hosts, redirectHosts = hosts } = definition.media;
  const [host] = redirectHosts === 'any_public' ? ['files.example.com'] : redirectHosts;
  return `https://${required(host, 'host for redirects').replace('*', 'files')}`;
}

/** Or what is made of one, which a header `Authorization: Basic` does not show. */
function hasSecret({ credentials }: Suite, headers: object | undefined): boolean {
  const text = JSON.stringify(headers ?? {});
  if (/"authorization":/i.test(text)) return true;
  return Object.values(credentials).some(
    (value) => typeof value === 'string' && text.includes(value),
  );
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

function recording(bytes: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(bytes, { headers: { 'content-type': 'audio/mpeg', ...headers } });
}

/** A platform until `answer` is set. */
function createSwitch(): {
  answer: ((url: string) => Response) | null;
  wrap: (platform: Fetch) => Fetch;
} {
  const created: ReturnType<typeof createSwitch> = {
    answer: null,
    wrap: (platform) => async (url, init) => created.answer?.(url) ?? platform(url, init),
  };
  return created;
}
