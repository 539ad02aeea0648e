import { createRoute } from '@hono/zod-openapi';
import { createUploads } from '../../core/imports/create-uploads.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, jsonBody, problems } from './answers.ts';
import { CreateUploadsBody, UploadsView } from './schemas.ts';

const create = createRoute({
  method: 'post',
  path: '/uploads',
  operationId: 'createUploads',
  tags: ['Uploads'],
  summary: 'Get links to upload recordings by',
  request: jsonBody(CreateUploadsBody),
  responses: { 201: json(UploadsView, 'Where to PUT each file, with those headers.'), ...problems },
});

/** `POST /uploads`. */
export function addUploadRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(create, async (c) => {
    const { customerId, files } = c.req.valid('json');
    const engine = await services.engine();
    // Links are as good as keys: a repeat signs new ones, to the same places.
    c.set('hasSecretAnswer', true);
    const createId = c.get('createId') ?? engine.createId;
    const uploads = await createUploads({ ...engine, createId }, { customerId, files });
    return c.json({ uploads: [...uploads] }, 201);
  });
}
