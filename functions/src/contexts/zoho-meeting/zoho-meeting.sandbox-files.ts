import type { Context, Hono } from 'hono';
import { sandboxClips } from '../testing/audio/clips.ts';
import { answerDownload } from '../testing/sandbox-download.ts';
import type { LinkSigner } from '../testing/sandbox-links.ts';
import type { ZohoMeetingAccount } from './zoho-meeting.sandbox-account.ts';
import type { ZohoMeetingFaults } from './zoho-meeting.sandbox-faults.ts';
import type { SandboxRecording } from './zoho-meeting.sandbox-recording.ts';

interface FilesOptions {
  readonly account: ZohoMeetingAccount;
  readonly links: LinkSigner;
  readonly faults: ZohoMeetingFaults;
  readonly isAuthorized: (c: Context) => boolean;
}

/** Adds Zoho's file hosts, which want the token as the API does, though their links are signed. */
export function addZohoFiles(app: Hono, options: FilesOptions): void {
  const { account, links, faults } = options;
  app.get('/media/:token', (c) => {
    if (!options.isAuthorized(c)) return c.text('Unauthorized', 401);
    // So it is with a token that has expired, too, as others have met it.
    if (faults['sign-in-pages'] !== null) return c.html('<html><title>Sign in</title></html>');
    const link = links.verify(c.req.param('token'));
    if (typeof link === 'string') return c.text('The link is not valid', 403);
    const [, kind = '', id = ''] = /^(media|transcript) ([\s\S]*)$/.exec(link.callId) ?? [];
    const recording = account.find(id);
    const media = recording === null ? null : account.mediaOf(recording);
    if (recording === null) return c.text('Not found', 404);
    if (kind === 'transcript') return c.text(toTranscriptFile(recording, faults));
    if (media === null) return c.text('Not found', 404);
    const etag = `"${Buffer.from(id).toString('base64url')}-${String(media.sizeBytes)}"`;
    const { headers } = c.req.raw;
    return answerDownload({ media, etag, headers, pauseMs: faults['slow-media'] });
  });
}

/** What is said in the recording, as WebVTT with voice tags, or as a text of no known format. */
function toTranscriptFile({ clip, people }: SandboxRecording, faults: ZohoMeetingFaults): string {
  const lines = ((clip ?? sandboxClips[0])?.utterances ?? []).map((line) => ({
    ...line,
    name: people[line.speaker]?.name ?? `Speaker ${String(line.speaker + 1)}`,
  }));
  if (faults['plain-transcripts'] !== null) {
    return lines.map(({ name, text }) => `${name}\n${text}\n`).join('\n');
  }
  const cues = lines.map(
    ({ name, startMs, endMs, text }) =>
      `${toTime(startMs)} --> ${toTime(endMs)}\n<v ${escape(name)}>${escape(text)}</v>\n`,
  );
  return ['WEBVTT\n', ...cues].join('\n');
}

function toTime(ms: number): string {
  return new Date(Math.round(ms)).toISOString().slice(11, 23);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
