import { z } from '@hono/zod-openapi';
import { platforms } from '../../core/imports/import-context.ts';
import { CustomerId, Id, Instant } from './schemas.ts';

export const KeepCredentialBody = z
  .strictObject({
    customerId: CustomerId,
    platform: z.string().min(1).max(40).openapi({ example: 'grain' }),
    credentials: z
      .record(z.string(), z.unknown())
      .openapi({ example: { apiKey: 'the key' }, description: 'As GET /admin/platforms says.' }),
    label: z.string().trim().min(1).max(100).optional().openapi({ example: 'Sales workspace' }),
    expiresAt: Instant.optional().openapi({ description: 'Where the customer knows it.' }),
  })
  .openapi('KeepCredential');

export const CredentialParams = z.object({
  credentialId: Id.openapi({ param: { name: 'credentialId', in: 'path' } }),
});

export const ListCredentialsQuery = z.strictObject({
  customerId: CustomerId,
  platform: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(400).optional(),
});

export const CredentialView = z
  .object({
    id: z.string(),
    customerId: z.string(),
    platform: z.enum(platforms),
    type: z
      .enum(['one_off', 'stored'])
      .openapi({ description: '`one_off`: of one import, destroyed at its end.' }),
    label: z.string().nullable(),
    scopes: z
      .array(z.string())
      .openapi({ description: 'What imports need of it; one whose last check is valid has them.' }),
    createdAt: z.iso.datetime(),
    createdBy: z.string().nullable(),
    expiresAt: z.iso.datetime().nullable(),
    lastCheck: z
      .object({
        timestamp: z.iso.datetime(),
        outcome: z.enum(['valid', 'invalid']),
        reason: z.string().nullable(),
      })
      .nullable(),
    keyVersion: z.string().openapi({ description: 'The key that it is sealed under.' }),
  })
  .openapi('Credential');
export const RotationView = z
  .object({
    keyVersion: z.string().nullable(),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso
      .datetime()
      .nullable()
      .openapi({ description: 'Null: ask again, it goes on.' }),
    rewrapped: z.int(),
    alreadyCurrent: z.int(),
    failed: z.int().openapi({ description: 'They open under no key: keep them anew.' }),
    failedIds: z.array(z.string()).openapi({ description: 'The first 20 of them.' }),
  })
  .openapi('KeyRotation');

export type CredentialView = z.infer<typeof CredentialView>;
