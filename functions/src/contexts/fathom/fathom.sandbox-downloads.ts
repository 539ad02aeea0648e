import type { Context, Hono } from 'hono';
import type { LinkSigner } from '../testing/sandbox-links.ts';
import { createTurns } from '../testing/sandbox-turns.ts';
import type { FathomAccount, SandboxMeeting } from './fathom.sandbox-account.ts';
import type { FathomGateOptions } from './fathom.sandbox-gate.ts';
import { refuse, toClient } from './fathom.sandbox-gate.ts';

export interface FathomDownloadOptions extends FathomGateOptions {
  readonly account: FathomAccount;
  readonly links: LinkSigner;
  readonly mediaOriginOf: (request: Request) => string;
}

/** Documented: about a day. */
const linkLifetimeMs = 24 * 3_600_000;

interface Download {
  readonly id: string;
  readonly recordingId: string;
  /** Nobody else sees it. */
  readonly client: string | null;
  readonly hasFailed: boolean;
  readonly expiresMs: number;
}

/** Adds asking for a file and looking at what became of it. */
export function addDownloads(app: Hono, basePath: string, options: FathomDownloadOptions): void {
  const { account, faults, now } = options;
  const downloads = new Map<string, Download>();
  const isProcessing = createTurns(faults['slow-downloads']);
  const fails = createTurns(faults['failed-downloads']);
  const isStale = createTurns(faults['expired-links'] === null ? null : 1);
  const isForgotten = createTurns(faults['expired-downloads']);
  const answer = (c: Context, meeting: SandboxMeeting, download: Download) => {
    const isExpired = download.expiresMs <= now().getTime();
    const status = isExpired ? 'expired' : isProcessing(download.id) ? 'processing' : null;
    return {
      ...{ download_id: download.id, recording_id: Number(meeting.id), failure_reason: null },
      ...{ video: null, audio: null, status },
      ...(status === null && download.hasFailed && failed),
      ...(status === null &&
        !download.hasFailed &&
        toFile(c, { ...options, meeting, download, isStale })),
    };
  };
  app.post(`${basePath}/recordings/:id/download`, (c) => {
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
      return refuse(c, 415, 'Unsupported media type');
    }
    const meeting = account.find(c.req.param('id'));
    if (meeting === null) return refuse(c, 404, 'Recording not found');
    if (meeting.isLimited) return refuse(c, 403, 'Downloads are limited for this share');
    if (meeting.clip === null) return refuse(c, 422, 'No downloadable media');
    const download: Download = {
      id: `dl_${String(downloads.size + 1)}`,
      recordingId: meeting.id,
      client: toClient(c, options),
      hasFailed: fails(meeting.id),
      expiresMs: now().getTime() + linkLifetimeMs,
    };
    downloads.set(download.id, download);
    return c.json(answer(c, meeting, download), 202);
  });
  app.get(`${basePath}/recordings/:id/downloads/:downloadId`, (c) => {
    const download = downloads.get(c.req.param('downloadId'));
    const meeting = account.find(c.req.param('id'));
    const isTheirs =
      download?.recordingId === meeting?.id && download?.client === toClient(c, options);
    if (!download || meeting === null || !isTheirs) return refuse(c, 404, 'Download not found');
    if (isForgotten('any')) downloads.set(download.id, { ...download, expiresMs: 0 });
    return c.json(answer(c, meeting, downloads.get(download.id) ?? download));
  });
}

const failed = { status: 'failed', failure_reason: 'generation_timeout' };

function toFile(
  c: Context,
  options: FathomDownloadOptions & {
    readonly meeting: SandboxMeeting;
    readonly download: Download;
    readonly isStale: (recordingId: string) => boolean;
  },
) {
  const { account, links, meeting, download } = options;
  const media = account.mediaOf(meeting);
  const token = links.sign(meeting.id, options.isStale(meeting.id) ? -1000 : linkLifetimeMs);
  const contentType = media?.clip.contentType ?? 'video/mp4';
  const file = {
    url: `${options.mediaOriginOf(c.req.raw)}/media/${token}/recording`,
    content_type: contentType,
    file_size_bytes: media?.sizeBytes ?? 0,
    expires_at: new Date(download.expiresMs).toISOString(),
  };
  const kind = contentType.startsWith('audio/') ? { audio: file } : { video: file };
  return { status: 'completed', ...kind };
}
