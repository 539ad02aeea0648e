import type { Context, Hono } from 'hono';
import { answerDownload } from './sandbox-download.ts';
import type { LinkSigner } from './sandbox-links.ts';
import type { SandboxMedia } from './sandbox-media.ts';

interface MediaRouteOptions {
  readonly links: LinkSigner;
  /** The recording that a link was signed for; null once it is gone. */
  readonly mediaOf: (callId: string) => SandboxMedia | null;
  /** Between pieces of a recording; null sends as fast as the client reads. */
  readonly pauseMs: number | null;
  /** Called for a request that carries an Authorization header, which storage must never see. */
  readonly onLeak: () => void;
}

/**
 * Where links to recordings point: another host than the API's, as in reality. `localhost` for an API
 * on 127.0.0.1 and the reverse, else the subdomain `media`.
 */
export function toMediaOrigin(apiOrigin: string): string {
  const url = new URL(apiOrigin);
  if (url.hostname === '127.0.0.1') url.hostname = 'localhost';
  else if (url.hostname === 'localhost') url.hostname = '127.0.0.1';
  else url.hostname = `media.${url.hostname}`;
  return url.origin;
}

/** Adds what object storage behind signed links does, at `/media/<token>` and below. */
export function addMediaRoute(app: Hono, options: MediaRouteOptions): void {
  const answer = (c: Context, token: string): Response => {
    if (c.req.header('authorization') !== undefined) {
      options.onLeak();
      return refuse(c, {
        status: 400,
        code: 'InvalidArgument',
        message: 'Only one auth mechanism',
      });
    }
    const link = options.links.verify(token);
    if (link === 'forged') {
      return refuse(c, { status: 403, code: 'SignatureDoesNotMatch', message: 'Bad signature' });
    }
    if (link === 'expired') {
      return refuse(c, { status: 403, code: 'AccessDenied', message: 'Request has expired' });
    }
    const media = options.mediaOf(link.callId);
    if (media === null) {
      return refuse(c, { status: 404, code: 'NoSuchKey', message: 'The key does not exist.' });
    }
    const callDigest = Buffer.from(link.callId).toString('base64url');
    return answerDownload({
      media,
      etag: `"${callDigest}-${String(media.sizeBytes)}"`,
      headers: c.req.raw.headers,
      pauseMs: options.pauseMs,
    });
  };
  app.get('/media/:token', (c) => answer(c, c.req.param('token')));
  app.get('/media/:token/:file', (c) => answer(c, c.req.param('token')));
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
