import { createRoute, z } from '@hono/zod-openapi';
import type { AdminApp, AdminServices } from './admin-env.ts';
import { json, problems } from './answers.ts';
import { PlatformView } from './schemas.ts';

const list = createRoute({
  method: 'get',
  path: '/platforms',
  operationId: 'listPlatforms',
  tags: ['Platforms'],
  summary: 'List what each platform supports and needs',
  responses: {
    200: json(z.array(PlatformView), 'What each platform supports and needs.'),
    ...problems,
  },
});

/** `GET /platforms`. */
export function addPlatformRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(list, async (c) => {
    const { rows } = await services.platforms();
    return c.json(z.array(PlatformView).parse(rows), 200);
  });
}
