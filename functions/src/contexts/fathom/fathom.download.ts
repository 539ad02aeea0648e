import { ImportError } from '../../core/errors.ts';
import type { SourceCall } from '../../core/imports/source-call.ts';
import { noteOf, withNote } from '../../kit/known-call.ts';
import type { Recording } from '../../kit/known-call.ts';
import type { FathomClient } from './fathom.client.ts';
import type { FathomDownload } from './fathom.schema.ts';

const lookAgainMs = 20_000;

/**
 * The recording of a meeting, by the download that an earlier try asked for, else by a new one.
 * @throws `not_ready` while Fathom makes it, noting which it is
 */
export async function fetchRecording(
  fathom: FathomClient,
  listed: SourceCall,
): Promise<Recording | 'none'> {
  const download = await openDownload(fathom, listed);
  switch (download.status) {
    case 'none':
      return 'none';
    case 'completed':
      return toRecording(download);
    case 'processing':
      throw new ImportError({
        kind: 'not_ready',
        source: 'fathom',
        publicMessage: 'Fathom is still preparing the download of this recording.',
        retryAfterMs: lookAgainMs,
        hint: withNote(listed, download.download_id ?? null),
      });
    case 'failed':
    case 'expired':
      throw new ImportError({
        kind: 'unavailable',
        source: 'fathom',
        publicMessage: `Fathom could not prepare the download of this recording (${toReason(download)}). It is asked for anew.`,
        hint: withNote(listed, null),
      });
  }
}

/** One that has expired since it was noted is asked for anew, once. */
async function openDownload(fathom: FathomClient, listed: SourceCall): Promise<FathomDownload> {
  const downloadId = noteOf(listed);
  if (downloadId !== null) {
    const noted = await fathom.download(listed.sourceCallId, downloadId);
    if (noted.status !== 'expired') return { ...noted, download_id: downloadId };
  }
  return fathom.requestDownload(listed.sourceCallId);
}

function toRecording({ video, audio }: FathomDownload): Recording {
  const file = video ?? audio;
  if (file) return { url: file.url, contentType: file.content_type ?? null };
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
