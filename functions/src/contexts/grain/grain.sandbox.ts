import { Hono } from 'hono';
import type { Context } from 'hono';
import type {
  CreateSandbox,
  PlatformSandbox,
  SandboxOptions,
  SandboxRequest,
} from '../../kit/sandbox.ts';
import { createGrainAccount } from './grain.sandbox-account.ts';
import type { GrainAccount } from './grain.sandbox-account.ts';
import { addGrainApi } from './grain.sandbox-api.ts';
import { answerDownload } from './grain.sandbox-download.ts';
import { parseGrainFaults } from './grain.sandbox-faults.ts';
import type { GrainFaults } from './grain.sandbox-faults.ts';
import { createLinkSigner } from './grain.sandbox-links.ts';
import type { LinkSigner } from './grain.sandbox-links.ts';

export interface GrainSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording (valid mp3s, streamed); default: the clips as they are. */
  readonly mediaBytes?: number;
  /**
   * Where links to recordings point. By default another host than the API's, as at Grain: `localhost`
   * for an API on 127.0.0.1 and the reverse, else the subdomain `media`.
   */
  readonly mediaOrigin?: () => string;
}

export interface GrainSandbox extends PlatformSandbox {
  /** Requests for recordings that carried an Authorization header, which storage must never see. */
  readonly credentialLeaks: number;
}

/**
 * Grain's public API v2 as far as it is documented, with an account that follows from the seed.
 * @throws a RangeError for an unknown fault or an impossible number of calls
 * @see https://developers.grain.com
 */
export function createGrainSandbox(options: GrainSandboxOptions): GrainSandbox {
  const { seed, now } = options;
  const faults = parseGrainFaults(options.faults ?? []);
  const account = createGrainAccount({
    ...{ calls: options.calls, seed, createdAt: options.createdAt ?? now(), mediaBytes: options.mediaBytes ?? null },
    untranscribedEvery: faults['no-transcripts'],
  });
  const links = createLinkSigner({ seed, now });
  const requests: SandboxRequest[] = [];
  const counts = { limitHits: 0, credentialLeaks: 0 };
  const app = new Hono();
  addGrainApi(app, {
    ...{ account, links, faults, seed, now },
    apiKey: options.credentials?.apiKey ?? 'sandbox-key',
    requestsPerMinute: options.requestsPerMinute ?? documentedRequestsPerMinute,
    pageSize: options.pageSize ?? 50,
    mediaOriginOf: (request) =>
      options.mediaOrigin?.() ?? toMediaOrigin(options.origin?.() ?? new URL(request.url).origin),
    onLimitHit: () => {
      counts.limitHits += 1;
    },
  });
  addMedia(app, {
    ...{ account, links, faults },
    onLeak: () => {
      counts.credentialLeaks += 1;
    },
  });
  return {
    ...{ platform: 'grain', requests, truth: account.truth },
    removeCall: account.remove,
    putRecord: account.put,
    fetch: async (request) => {
      const response = await app.fetch(request);
      const path = new URL(request.url).pathname;
      // A link's token is a credential of its own: it is not written down.
      const shown = path.startsWith('/media/') ? '/media' : path;
      requests.push({ method: request.method, path: shown, status: response.status });
      return response;
    },
    get limitHits() {
      return counts.limitHits;
    },
    get credentialLeaks() {
      return counts.credentialLeaks;
    },
  };
}

createGrainSandbox satisfies CreateSandbox;

const documentedRequestsPerMinute = 300;

function toMediaOrigin(apiOrigin: string): string {
  const url = new URL(apiOrigin);
  if (url.hostname === '127.0.0.1') url.hostname = 'localhost';
  else if (url.hostname === 'localhost') url.hostname = '127.0.0.1';
  else url.hostname = `media.${url.hostname}`;
  return url.origin;
}

interface MediaOptions {
  readonly account: GrainAccount;
  readonly links: LinkSigner;
  readonly faults: GrainFaults;
  readonly onLeak: () => void;
}

/** What object storage behind signed links does. */
function addMedia(app: Hono, { account, links, faults, onLeak }: MediaOptions): void {
  app.get('/media/:token', (c) => {
    if (c.req.header('authorization') !== undefined) {
      onLeak();
      return refuse(c, {
        status: 400,
        code: 'InvalidArgument',
        message: 'Only one auth mechanism',
      });
    }
    const link = links.verify(c.req.param('token'));
    if (link === 'forged') {
      return refuse(c, { status: 403, code: 'SignatureDoesNotMatch', message: 'Bad signature' });
    }
    if (link === 'expired') {
      return refuse(c, { status: 403, code: 'AccessDenied', message: 'Request has expired' });
    }
    const recording = account.find(link.callId);
    const media = recording === null ? null : account.mediaOf(recording);
    if (media === null) {
      return refuse(c, { status: 404, code: 'NoSuchKey', message: 'The key does not exist.' });
    }
    const callDigest = Buffer.from(link.callId).toString('base64url');
    return answerDownload({
      media,
      etag: `"${callDigest}-${String(media.sizeBytes)}"`,
      headers: c.req.raw.headers,
      pauseMs: faults['slow-media'],
    });
  });
}

interface StorageRefusal {
  readonly status: 400 | 403 | 404;
  readonly code: string;
  readonly message: string;
}

/** Storage answers in XML, unlike the API: a client that parses every error as JSON would stumble. */
function refuse(c: Context, { status, code, message }: StorageRefusal): Response {
  const xml = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return c.body(xml, status, { 'content-type': 'application/xml' });
}
