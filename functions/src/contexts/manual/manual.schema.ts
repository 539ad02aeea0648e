import { z } from 'zod';
import { SourceParticipant } from '../../core/imports/source-call.ts';

/** Nothing here is secret: it says which uploads an import is about. */
export const ManualCredentials = z.strictObject({
  batchKey: z.string().min(1).max(500).meta({
    title: 'Upload batch',
    description: 'Names the batch of uploads to import; the admin API fills it in.',
    secret: false,
  }),
});

/** Uploads know their dates at most: nothing to filter by. */
export const ManualFilters = z.strictObject({});

/** What the id of a customer, a batch or an upload may be made of: it becomes part of a key. */
const KeyPart = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);

/** One uploaded file and what was said about it. Unknown is null. */
export const UploadedFile = z.strictObject({
  uploadId: KeyPart,
  /** Where its bytes lie: `customers/{customerId}/uploads/{uploadId}`. */
  key: z.string(),
  /** As on the computer that it came from: shown to people, never part of a key. */
  fileName: z.string().min(1).max(1000),
  title: z.string().min(1).nullable(),
  /** ISO 8601 with a zone. */
  startedAt: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .nullable(),
  participants: z.array(SourceParticipant),
});
export type UploadedFile = z.output<typeof UploadedFile>;

/** What is stored for an import of uploads, as JSON at `toBatchKey`. */
export const StoredBatch = z.strictObject({
  batchId: KeyPart,
  customerId: KeyPart,
  files: z.array(UploadedFile).max(10_000),
});
export type StoredBatchInput = z.input<typeof StoredBatch>;

/** A batch as the listing reads it: a broken file is set aside, the others go on. */
export const ListedBatch = z.strictObject({
  batchId: KeyPart,
  customerId: KeyPart,
  files: z.array(z.unknown()),
});
export type ListedBatch = z.output<typeof ListedBatch>;

/** What the listing leaves for `fetchCall`: which upload a call's id stands for. */
export const ListedUpload = z.strictObject({
  uploadId: KeyPart,
  fileName: z.string(),
  /** `missing` or `empty` when there was nothing to import. */
  state: z.enum(['uploaded', 'missing', 'empty']),
});
export type ListedUpload = z.output<typeof ListedUpload>;
