import { ImportError } from '../../core/errors.ts';
import type { MediaSource, SourceCall } from '../../core/imports/source-call.ts';
import type { FathomClient } from './fathom.client.ts';
import { FathomHint } from './fathom.schema.ts';
import type { FathomDownload } from './fathom.schema.ts';

const lookAgainMs = 20_000;

/**
 * The recording of a meeting, by the download that an earlier try asked for, else by a new one. Null
 * where there is none to have. @throws `not_ready` while Fathom makes it, noting which it is
 */
export async function fetchRecording(
  fathom: FathomClient,
  listed: SourceCall,
): Promise<MediaSource | null> {
  const download = await openDownload(fathom, listed);
  switch (download.status) {
    case 'none':
      return null;
    case 'completed':
      return toMedia(download);
    case 'processing':
      throw new ImportError({
        kind: 'not_ready',
        source: 'fathom',
        publicMessage: 'Fathom is still preparing the download of this recording.',
        retryAfterMs: lookAgainMs,
        hint: FathomHint.write({ downloadId: download.download_id ?? null }, listed),
      });
    case 'failed':
    case 'expired':
      throw new ImportError({
        kind: 'unavailable',
        source: 'fathom',
        publicMessage: `Fathom could not prepare the download of this recording (${toReason(download)}). It is asked for anew.`,
        hint: FathomHint.write({ downloadId: null }, listed),
      });
  }
}

/** One that has expired since it was noted is asked for anew, once. */
async function openDownload(fathom: FathomClient, listed: SourceCall): Promise<FathomDownload> {
  const { downloadId } = FathomHint.read(listed);
  if (downloadId !== null) {
    const noted = await fathom.download(listed.sourceCallId, downloadId);
    if (noted.status !== 'expired') return { ...noted, download_id: downloadId };
  }
  return fathom.requestDownload(listed.sourceCallId);
}

function toMedia({ video, audio }: FathomDownload): MediaSource {
  const file = video ?? audio;
  if (file) return { kind: 'url', url: file.url, contentType: file.content_type ?? null };
  throw new ImportError({
    kind: 'contract',
    source: 'fathom',
    publicMessage: 'Fathom answered a completed download with neither video nor audio.',
  });
}

/** Fathom's own word for it where it is one, for its support. */
function toReason({ failure_reason: reason, status }: FathomDownload): string {
  return typeof reason === 'string' && /^[a-z_]{1,40}$/.test(reason) ? reason : status;
}
