import type { AdminApp } from './admin-env.ts';
import { keyPattern } from './idempotency.ts';

/** `GET /openapi.json`: the routes as they were declared, with what holds for all of them. */
export function addDocument(app: AdminApp): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'idToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'A Firebase ID token of a user with the claim `role: support` or `admin`.',
  });
  app.get('/openapi.json', (c) => c.json(describe(app)));
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Makes a repeat safe: within 24 hours it gets the first answer, with `Idempotency-Replayed: true`.',
  schema: { type: 'string', pattern: keyPattern.source },
  example: '0f2b6c1e-8d0a-4c53-9b1d-1f6f5c0a7e55',
} as const;

const requestId = {
  name: 'X-Request-Id',
  in: 'header',
  required: false,
  description:
    'Names the request in the answer and in our logs; another text than this is replaced.',
  schema: { type: 'string', pattern: '^[\\w.-]{1,64}$' },
} as const;

const info = {
  title: 'Call import engine: admin API',
  version: '1.0.0',
  description:
    'For support staff: start, watch and mend imports of recorded calls. Errors are RFC 9457 problems.',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

function describe(app: AdminApp) {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info,
    servers: [{ url: '/admin' }],
    security: [{ idToken: [] }],
  });
  for (const { get, post, delete: remove } of Object.values(document.paths ?? {})) {
    for (const operation of [get, post, remove]) {
      if (!operation) continue;
      const shared = operation === post ? [requestId, idempotencyKey] : [requestId];
      operation.parameters = [...(operation.parameters ?? []), ...shared];
    }
  }
  return document;
}
