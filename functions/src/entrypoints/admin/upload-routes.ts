import { createRoute } from '@hono/zod-openapi';
import { createUploads } from '../../core/imports/create-uploads.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, jsonBody, problems } from './answers.ts';
import { CreateUploadsBody, UploadsView } from './schemas.ts';

const create = createRoute({
  method: 'post',
  path: '/uploads',
  operationId: 'createUploads',
  request: jsonBody(CreateUploadsBody),
  responses: { 201: json(UploadsView, 'Where to PUT each file, with those headers.'), ...problems },
});

/** `POST /uploads`. */
export function addUploadRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(create, async (c) => {
    const { customerId, files } = c.req.valid('json');
    const uploads = await createUploads(await services.engine(), { customerId, files });
    return c.json({ uploads: [...uploads] }, 201);
  });
}
