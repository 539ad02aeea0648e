import { z } from 'zod';
import { ImportError } from '../../core/errors.ts';
import type { DateRange, RejectedRecord, SourceCall } from '../../core/imports/source-call.ts';
import { isInRange } from '../../kit/date-range.ts';
import { defineErrors } from '../../kit/define-errors.ts';
import { describeIssues } from '../../kit/issues.ts';
import type { Recording } from '../../kit/known-call.ts';
import { toListedCall } from '../../kit/listed-call.ts';
import { probeMedia, supportedMedia } from '../../kit/media-probe.ts';
import { readBytes } from '../../kit/object-bytes.ts';
import { offsetPages } from '../../kit/pages.ts';
import { defineContext } from '../define-context.ts';
import { acceptUploads } from './manual.batch.ts';
import { createManualClient, gone, toContentId } from './manual.client.ts';
import type { IdentifiedFile, ManualClient } from './manual.client.ts';
import { ManualCredentials, ManualFilters, UploadedFile } from './manual.schema.ts';

const pageFiles = 100;

/** Files that support uploaded: there is no platform to ask, the recordings lie in our own store. */
export const manualContext = defineContext({
  platform: 'manual',
  displayName: 'Manual upload',
  auth: 'none',
  capabilities: { exactCount: true, uploads: true },
  // Our own store is no bottleneck: this only keeps estimates from promising the impossible.
  rateLimits: { requestsPerSecond: 20, requestsPerDay: null },
  credentials: ManualCredentials,
  filters: ManualFilters,
  errors: defineErrors({}),
  listing: {
    status: 'supported',
    provenBy: 'sandbox',
    instructions: [],
    scopes: [],
    docsUrl: null,
    limits: `10,000 files in one batch, each ${supportedMedia}; titles, dates and participants from a CSV of up to 1 MB.`,
    price: 'Nothing: there is no platform to pay.',
  },
  baseUrl: null,
  media: { hosts: [] },
  client: createManualClient,
  acceptUploads,

  validateCredentials: async (uploads) => {
    await uploads.batch();
  },
  listCalls: (uploads, { cursor }) =>
    offsetPages({
      source: 'manual',
      cursor,
      step: pageFiles,
      fetchPage: async (offset) => {
        const { files: records } = await uploads.batch();
        const { files, rejected } = parseFiles(records.slice(offset, offset + pageFiles), offset);
        const identified = await uploads.identify(files, { note: true });
        const hasMore = offset + pageFiles < records.length;
        return { calls: identified.map(toSourceCall), rejected, hasMore };
      },
    }),
  countCalls: async (uploads, { dateRange }) => {
    const { files, rejected } = parseFiles((await uploads.batch()).files, 0);
    return rejected.length + (await countContents(uploads, files, dateRange));
  },
  fetchRecording: async (uploads, listed) => {
    const { upload, key } = await uploads.find(listed);
    if (upload.state !== 'uploaded') throw notUploaded(upload);
    return fetchUpload(uploads, listed, { key, fileName: upload.fileName });
  },
});

/** Files with the same content are one call, so that the count agrees with what will be imported. */
async function countContents(
  uploads: ManualClient,
  files: readonly UploadedFile[],
  dateRange: DateRange,
): Promise<number> {
  const wanted = files.filter((file) => isInRange(file.startedAt, dateRange));
  const identified = await uploads.identify(wanted, { note: false });
  return new Set(identified.map(({ sourceCallId }) => sourceCallId)).size;
}

function parseFiles(
  records: readonly unknown[],
  offset: number,
): { files: readonly UploadedFile[]; rejected: readonly RejectedRecord[] } {
  const files: UploadedFile[] = [];
  const rejected: RejectedRecord[] = [];
  for (const [index, record] of records.entries()) {
    const parsed = UploadedFile.safeParse(record);
    if (parsed.success) files.push(parsed.data);
    else {
      const reason = describeIssues(parsed.error, `files[${String(offset + index)}]`);
      rejected.push({ sourceCallId: readUploadId(record), reason });
    }
  }
  return { files, rejected };
}

function readUploadId(record: unknown): string | null {
  const parsed = z.looseObject({ uploadId: z.string() }).safeParse(record);
  return parsed.success ? parsed.data.uploadId : null;
}

/** What was said about the file; what its bytes say comes when it is fetched. */
function toSourceCall({ sourceCallId, file }: IdentifiedFile): SourceCall {
  return toListedCall({
    id: sourceCallId,
    title: file.title ?? toTitle(file.fileName),
    startedAt: file.startedAt,
    participants: file.participants,
  });
}

/** The file's name without folders and extension. */
function toTitle(fileName: string): string {
  const name = fileName.split(/[/\\]/).at(-1) ?? fileName;
  return name.replace(/(?<=.)\.[A-Za-z0-9]{1,5}$/, '') || fileName;
}

async function fetchUpload(
  { objects, signal }: ManualClient,
  listed: SourceCall,
  upload: { readonly key: string; readonly fileName: string },
): Promise<Recording> {
  const stored = await objects.find(upload.key);
  if (stored === null) throw gone();
  // The id promises these bytes: others under it would pass for a recording that they are not.
  if ((await toContentId(objects, stored)) !== listed.sourceCallId) {
    throw fileError(upload.fileName, 'it was replaced after the import began; import it again');
  }
  const { sizeBytes } = stored;
  const read = (start: number, end: number) => readBytes(objects, upload.key, { start, end });
  const facts = await probeMedia({ sizeBytes, read }, signal).catch((error: unknown) => {
    if (!(error instanceof ImportError) || error.kind !== 'bad_request') throw error;
    throw fileError(upload.fileName, error.publicMessage, error);
  });
  const { kind, contentType, durationSeconds } = facts;
  return { key: upload.key, kind, contentType, durationSeconds };
}

/**
 * A file that was not there is listed and fails here, rather than being set aside: so it shows
 * among the failed calls by its name. It stays failed, because its id is not one of content: the
 * file, once uploaded, is another call.
 */
function notUploaded(upload: { readonly fileName: string; readonly state: string }): ImportError {
  const what = upload.state === 'empty' ? 'was empty' : 'had not been uploaded';
  return fileError(
    upload.fileName,
    `it ${what} when the import began. Upload it again and start a new import with it`,
  );
}

/** Names the file as its owner knows it. */
function fileError(fileName: string, what: string, cause?: unknown): ImportError {
  return new ImportError({
    kind: 'bad_request',
    source: 'manual',
    publicMessage: `“${fileName}”: ${what.replace(/\.$/, '')}.`,
    cause,
  });
}
