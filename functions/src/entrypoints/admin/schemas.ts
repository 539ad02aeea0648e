import { z } from '@hono/zod-openapi';
import { errorKinds } from '../../core/errors.ts';
import { callStatuses } from '../../core/imports/imported-call.ts';
import { platforms } from '../../core/imports/import-context.ts';
import { jobStatuses } from '../../core/imports/import-job.ts';

/** Ids become parts of document and object paths: nothing else is let through. */
export const CustomerId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"')
  .openapi({ example: 'acme' });
export const Id = z.string().regex(/^[a-z0-9]{20}$/, 'must be 20 lower-case letters and digits');
export const CallId = z
  .string()
  .regex(/^[a-z2-7]{52}$/, 'must be a call id: 52 characters of a-z and 2-7');

/** Firestore holds the years 1 to 9999 and refuses any other; recorded calls are younger than 1970. */
export const Instant = z.iso
  .datetime({ offset: true, message: 'must be an instant like 2026-01-31T00:00:00Z' })
  .refine((text) => isStorable(new Date(text)), 'must lie between the years 1970 and 9999')
  .transform((text) => new Date(text));

function isStorable(instant: Date): boolean {
  const year = instant.getUTCFullYear();
  return year >= 1970 && year <= 9999;
}

export const CreateImportBody = z
  .strictObject({
    customerId: CustomerId,
    platform: z.string().min(1).max(40).openapi({ example: 'grain' }),
    credentials: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ example: { apiKey: 'the key' }, description: 'As GET /admin/platforms says.' }),
    credentialId: Id.optional().openapi({
      description: 'In place of `credentials`: stored ones of this customer and platform.',
    }),
    uploads: z
      .array(z.strictObject({ uploadId: Id, fileName: z.string().min(1).max(255) }))
      .min(1)
      .max(10_000)
      .optional()
      .openapi({
        description: 'For platforms whose calls are uploaded: from POST /admin/uploads.',
      }),
    metadata: z
      .union([z.string().max(1024 * 1024), z.array(z.record(z.string(), z.unknown())).max(10_000)])
      .optional()
      .openapi({
        description: 'Title, date and participants of uploaded files: CSV text, or rows.',
      }),
    options: z
      .strictObject({
        dateRange: z
          .strictObject({ start: Instant.optional(), end: Instant.optional() })
          .refine(({ start, end }) => !start || !end || start < end, {
            message: 'start must be before end',
          })
          .optional(),
        filters: z.record(z.string(), z.unknown()).optional(),
        schedule: z.enum(['auto', 'now', 'nightly']).default('auto'),
        dryRun: z.boolean().default(false),
      })
      .optional(),
  })
  .openapi('CreateImport');

export const RetryBody = z
  .strictObject({
    credentials: z.record(z.string(), z.unknown()).optional(),
    credentialId: Id.optional(),
  })
  .openapi('RetryImport');

export const RetryQuery = z.strictObject({
  code: z
    .enum(errorKinds)
    .optional()
    .openapi({ description: 'Only calls that failed with this code; default: all that failed.' }),
});

export const CreateUploadsBody = z
  .strictObject({
    customerId: CustomerId,
    files: z
      .array(
        z.strictObject({
          fileName: z.string().min(1).max(255).openapi({ example: 'call.mp3' }),
          contentType: z
            .string()
            .regex(/^(audio|video)\/[\w.+-]{1,60}$/, 'must be an audio/… or video/… type')
            .optional(),
          sizeBytes: z.int().positive().optional(),
        }),
      )
      .min(1)
      .max(500),
  })
  .openapi('CreateUploads');

export const JobParams = z.object({ jobId: Id.openapi({ param: { name: 'jobId', in: 'path' } }) });
export const CallParams = JobParams.extend({
  callId: CallId.openapi({ param: { name: 'callId', in: 'path' } }),
});

const limit = z.coerce.number().int().min(1).max(100).default(20);
const cursor = z.string().max(400).optional();

export const ListImportsQuery = z.strictObject({
  customerId: CustomerId,
  status: z.enum(jobStatuses).optional(),
  platform: z.string().max(40).optional(),
  limit,
  cursor,
});

export const ListCallsQuery = z.strictObject({
  status: z.enum([...callStatuses, 'duplicate']).optional(),
  limit,
  cursor,
});

const NullableInstant = z.iso.datetime().nullable();

const CallErrorView = z.object({
  callId: z.string().nullable(),
  error: z.string(),
  retryable: z.boolean(),
  timestamp: z.iso.datetime(),
});

export const JobView = z
  .object({
    id: z.string(),
    customerId: z.string(),
    platform: z.enum(platforms),
    jobType: z.literal('import'),
    status: z.enum(jobStatuses),
    totalCalls: z.int().nullable().openapi({ description: 'Null while nobody knows yet.' }),
    processedCalls: z.int(),
    failedCalls: z.int(),
    skippedCalls: z.int().openapi({ description: 'Duplicates among them.' }),
    counts: z.object({
      platformCount: z.int().nullable(),
      listed: z.int(),
      imported: z.int(),
      duplicates: z.int(),
      gone: z.int(),
      noConsent: z.int(),
      filtered: z.int(),
      failed: z.int(),
      rejected: z.int(),
      open: z.int(),
      missing: z.int(),
    }),
    createdAt: z.iso.datetime(),
    startedAt: NullableInstant,
    completedAt: NullableInstant,
    estimatedCompletionAt: NullableInstant,
    limitedUntil: NullableInstant,
    requestedBy: z.string(),
    errors: z.array(CallErrorView),
    lastError: z
      .object({
        code: z.string(),
        source: z.string(),
        message: z.string(),
        timestamp: z.iso.datetime(),
      })
      .nullable(),
    config: z.object({
      dateRange: z.object({ start: NullableInstant, end: NullableInstant }),
      filters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      schedule: z.enum(['now', 'nightly']),
    }),
  })
  .openapi('ImportJob');
export type JobView = z.infer<typeof JobView>;

export const CallView = z
  .object({
    id: z.string(),
    sourceCallId: z.string(),
    status: z.enum([...callStatuses, 'duplicate']),
    title: z.string().nullable(),
    startedAt: NullableInstant,
    durationSeconds: z.number().nullable(),
    sourceUrl: z.string().nullable(),
    reason: z.string().nullable().openapi({ description: 'Why it was skipped, or who has it.' }),
    error: CallErrorView.nullable(),
    attempts: z.int(),
    engagementId: z.string().nullable(),
  })
  .openapi('Call');
export type CallView = z.infer<typeof CallView>;

export const CallDetailView = CallView.extend({
  history: z.array(
    z.object({
      timestamp: z.iso.datetime(),
      code: z.string(),
      source: z.string(),
      message: z.string(),
      status: z.int().nullable(),
      requestId: z.string().nullable(),
    }),
  ),
  engagement: z.record(z.string(), z.unknown()).nullable(),
  mediaUrl: z.string().nullable().openapi({ description: 'Plays for an hour.' }),
  transcriptUrl: z.string().nullable(),
}).openapi('CallDetail');
export type CallDetailView = z.infer<typeof CallDetailView>;

export const WhyQuery = z.strictObject({
  customerId: CustomerId,
  reference: z.string().trim().min(1).max(2000).openapi({
    description:
      'Our id, the platform’s id, a link, an e-mail address, a phone number, or words of the title.',
    example: 'Quarterly review',
  }),
  startedAt: Instant.optional().openapi({
    description: 'When the call was, if you know: tells whether an import asked for that time.',
  }),
});

export const WhyView = z
  .object({
    reference: z.string(),
    explanation: z.string(),
    next: z.string().openapi({ description: 'The one thing to do.' }),
    calls: z
      .array(
        CallView.extend({
          platform: z.enum(platforms),
          seen: z
            .object({ jobId: z.string(), page: z.int(), at: z.iso.datetime() })
            .openapi({ description: 'Who has it, on which page of the listing, and since when.' }),
          history: CallDetailView.shape.history,
          explanation: z.string(),
          next: z.string(),
        }),
      )
      .openapi({ description: 'The calls that fit; none: nothing is known of such a call.' }),
    listings: z
      .array(
        z.object({
          jobId: z.string(),
          platform: z.enum(platforms),
          status: z.enum(jobStatuses),
          dateRange: JobView.shape.config.shape.dateRange,
          filters: JobView.shape.config.shape.filters,
          startedAt: NullableInstant,
          completedAt: NullableInstant,
          isFinished: z.boolean(),
          listedCalls: z.int(),
        }),
      )
      .openapi({ description: 'What was asked of the platforms, newest first.' }),
  })
  .openapi('Why');
export type WhyView = z.infer<typeof WhyView>;

export const CreatedImportView = z
  .object({
    jobId: z.string().nullable().openapi({ description: 'Null for a dry run.' }),
    estimatedCalls: z.int().nullable(),
    estimatedDuration: z.string().nullable().openapi({ description: 'ISO 8601, e.g. PT2M30S.' }),
  })
  .openapi('CreatedImport');

export const PreviewView = z
  .object({
    calls: z
      .int()
      .nullable()
      .openapi({ description: 'Null where the platform did not say how many there are.' }),
    requests: z.int().nullable().openapi({ description: 'To the platform, downloads aside.' }),
    schedule: z.enum(['now', 'nightly']),
    nights: z
      .object({ fewest: z.int(), most: z.int(), callsPerNight: z.int() })
      .nullable()
      .openapi({ description: 'Null for an import that does not wait for the night.' }),
    completion: z
      .object({ earliest: z.iso.datetime(), latest: z.iso.datetime() })
      .nullable()
      .openapi({ description: 'When it will be done, if it starts now.' }),
    quota: z
      .object({
        requestsPerDay: z.int(),
        share: z.number().nullable().openapi({ description: 'Of the fullest day, 0 to 1.' }),
      })
      .nullable()
      .openapi({ description: "The account's daily quota; null where there is none." }),
    limitedUntil: NullableInstant.openapi({
      description: 'The platform wants us to wait so long.',
    }),
    price: z
      .object({
        freeCalls: z.int(),
        billableCalls: z.int().nullable(),
        centsPerCall: z.number(),
        totalCents: z.int().nullable(),
      })
      .openapi({
        description:
          'At most: calls that were imported before are neither imported nor billed again.',
      }),
    summary: z.string().openapi({ description: 'All of it in one sentence.' }),
  })
  .openapi('Preview');
export type PreviewView = z.infer<typeof PreviewView>;

export const DryRunView = CreatedImportView.extend(PreviewView.shape).openapi('DryRun');

export const UploadsView = z
  .object({
    uploads: z.array(
      z.object({
        uploadId: z.string(),
        fileName: z.string(),
        url: z.string(),
        method: z.literal('PUT'),
        headers: z.record(z.string(), z.string()),
        expiresAt: z.iso.datetime(),
      }),
    ),
  })
  .openapi('Uploads');

export const ProblemView = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    remedy: z.string(),
    retryable: z.boolean(),
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem');

export const ErrorView = z
  .object({
    code: z.string(),
    status: z.int().openapi({ description: 'Of the answer that has this code.' }),
    retryable: z.boolean().openapi({ description: 'Whether waiting can help.' }),
    title: z.string(),
    remedy: z.string().openapi({ description: 'What whoever made the request does next.' }),
    support: z.string(),
    engineers: z.string(),
    customer: z
      .string()
      .nullable()
      .openapi({ description: 'To be sent to the customer as it stands.' }),
  })
  .openapi('Error');
export type ErrorView = z.infer<typeof ErrorView>;

const InputFieldView = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  required: z.boolean(),
  secret: z.boolean(),
});

export const PlatformView = z
  .object({
    platform: z.enum(platforms),
    displayName: z.string(),
    status: z.enum(['supported', 'beta', 'coming_soon', 'not_planned']),
    provenBy: z.enum(['sandbox', 'recorded', 'live']).nullable(),
    auth: z.enum(['api_key', 'oauth', 'none']).nullable(),
    capabilities: z.record(z.string(), z.boolean()).nullable(),
    rateLimits: z
      .object({ requestsPerSecond: z.number(), requestsPerDay: z.number().nullable() })
      .nullable(),
    limits: z.string().nullable(),
    price: z
      .string()
      .nullable()
      .openapi({ description: 'What the access costs the customer at the platform.' }),
    credentials: z.array(InputFieldView),
    filters: z.array(InputFieldView),
    instructions: z.array(z.string()),
    scopes: z.array(z.string()),
    docsUrl: z.string().nullable(),
  })
  .openapi('Platform');

export const ReportView = z
  .object({
    jobId: z.string(),
    status: z.enum(jobStatuses),
    isComplete: z.boolean().openapi({ description: 'Every listed call is accounted for.' }),
    counts: JobView.shape.counts,
    gaps: z
      .array(
        z.object({
          start: NullableInstant,
          end: z.iso.datetime(),
          platformCount: z.int(),
          listed: z.int(),
        }),
      )
      .openapi({ description: 'Days (UTC) on which the platform counts more than it listed.' }),
    explanation: z.string(),
  })
  .openapi('Report');
