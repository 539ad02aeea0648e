import { z } from 'zod';
import { platforms } from '../imports/import-context.ts';
import { StoredMedia } from '../imports/imported-call.ts';
import { metadataQualities } from './metadata-quality.ts';

/** A person of an engagement, matched to the customer's records where that was possible. */
export const Participant = z.object({
  name: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  role: z.enum(['internal', 'external', 'unknown']),
  attended: z.boolean().nullable(),
  /** Transcript segments of this `speakerId` are theirs. */
  speakerId: z.string().nullable(),
  contactId: z.string().nullable(),
  companyId: z.string().nullable(),
});
export type Participant = z.infer<typeof Participant>;

/** The product's record of one conversation; its id is the call key. */
export const Engagement = z.object({
  id: z.string(),
  customerId: z.string(),
  title: z.string().nullable(),
  startedAt: z.date().nullable(),
  durationSeconds: z.number().nullable(),
  direction: z.enum(['inbound', 'outbound']).nullable(),
  summary: z.string().nullable(),
  sourceUrl: z.string().nullable(),
  participants: z.array(Participant),
  companyIds: z.array(z.string()),
  contactIds: z.array(z.string()),
  media: StoredMedia.nullable(),
  transcript: z
    .object({
      /** In the object store: `Transcript` as JSON. */
      key: z.string(),
      /** What the platform or the speech service answered, as it came. */
      sourceKey: z.string(),
      origin: z.enum(['platform', 'speech']),
      segmentCount: z.int(),
      /** The first words, for lists. */
      preview: z.string(),
    })
    .nullable(),
  importSource: z.enum(platforms),
  importedAt: z.date(),
  sourceCallId: z.string(),
  importBatchId: z.string(),
  metadataQuality: z.enum(metadataQualities),
});
export type Engagement = z.infer<typeof Engagement>;
