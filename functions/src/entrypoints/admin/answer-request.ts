import { getRequestListener } from '@hono/node-server';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App } from '../../app.ts';
import { createAdminApp } from './admin-app.ts';

const listeners = new WeakMap<App, ReturnType<typeof getRequestListener>>();

/** Answers one request of the deployed function with the admin API; the routes are built at the first. */
export async function answerRequest(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let listener = listeners.get(app);
  if (!listener) {
    const { engine, platforms } = app;
    const api = createAdminApp({ app, engine, platforms });
    listener = getRequestListener((incoming) => api.fetch(incoming));
    listeners.set(app, listener);
  }
  await listener(request, response);
}
