import { z } from 'zod';

const Instant = z.iso.datetime({ offset: true });
const Id = z.string().min(1);

const Filter = z.strictObject({
  fromDateTime: Instant.optional(),
  toDateTime: Instant.optional(),
  workspaceId: Id.optional(),
  callIds: z.array(Id).min(1).optional(),
  primaryUserIds: z.array(Id).min(1).optional(),
});
export type Filter = z.infer<typeof Filter>;

const flags = z.record(z.string(), z.boolean());

const ExposedFields = z.strictObject({
  parties: z.boolean().optional(),
  media: z.boolean().optional(),
  content: flags.optional(),
  interaction: flags.optional(),
  collaboration: flags.optional(),
});

export const ExtensiveBody = z.strictObject({
  cursor: z.string().optional(),
  filter: Filter,
  contentSelector: z
    .strictObject({
      context: z.enum(['None', 'Basic', 'Extended']).optional(),
      contextTiming: z.array(z.enum(['Now', 'TimeOfCall'])).optional(),
      exposedFields: ExposedFields.optional(),
    })
    .optional(),
});
export type ExtensiveBody = z.infer<typeof ExtensiveBody>;

export const TranscriptBody = z.strictObject({
  cursor: z.string().optional(),
  filter: Filter.omit({ primaryUserIds: true }),
});

export const CallsQuery = z.strictObject({
  fromDateTime: Instant,
  toDateTime: Instant,
  workspaceId: Id.optional(),
  cursor: z.string().optional(),
});

/** "Add new call", which a listing's body is often sent to by mistake. */
export const NewCallBody = z.object({
  actualStart: Instant,
  clientUniqueId: Id,
  direction: z.enum(['Inbound', 'Outbound', 'Conference', 'Unknown']),
  parties: z.array(z.looseObject({})).min(1),
  primaryUser: Id,
});
