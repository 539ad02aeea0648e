import { createRoute } from '@hono/zod-openapi';
import { previewImport } from '../../core/imports/preview-import.ts';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, jsonBody, problems } from './answers.ts';
import { toImportRequest } from './import-request.ts';
import { toPreviewView } from './preview-view.ts';
import { CreateImportBody, PreviewView } from './schemas.ts';

const preview = createRoute({
  method: 'post',
  path: '/imports/preview',
  operationId: 'previewImport',
  tags: ['Imports'],
  summary: 'Tell what an import would take and cost, without starting it',
  request: jsonBody(CreateImportBody),
  responses: {
    200: json(PreviewView, 'What the import would take; null is what nobody can say beforehand.'),
    ...problems,
  },
});

/** `POST /imports/preview`. */
export function addPreviewRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(preview, async (c) => {
    const { context, request } = await toImportRequest(services, c.req.valid('json'));
    const found = await previewImport(await services.engine(), context, request);
    return c.json(toPreviewView(found), 200);
  });
}
