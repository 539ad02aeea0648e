import { ServerResponse } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import express from 'express';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { HostedFunction } from './endpoint.ts';
import type { HostLog } from './host-log.ts';
import type { OidcIssuer } from './oidc.ts';
import type { Slots } from './slots.ts';

/** What Cloud Run lets through. @see https://docs.cloud.google.com/functions/quotas */
const bodyLimit = '32mb';

/**
 * Serves one function as a deployed one is served: IAM in front where it is private, the body parsed
 * with `rawBody` beside it, at most as many requests at a time as there are `slots`, and 504 after
 * its timeout. Express with these parsers is what Google's functions framework uses.
 * @see https://github.com/GoogleCloudPlatform/functions-framework-nodejs/blob/main/src/server.ts
 */
export function createFunctionApp(options: {
  hosted: HostedFunction;
  /** Null: anybody may call. */
  audience: string | null;
  oidc: OidcIssuer;
  slots: Slots;
  log: HostLog;
}): RequestListener {
  const { hosted, slots, log } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('trust proxy');
  if (options.audience !== null) app.use(requireInvoker(options.oidc, options.audience));
  const parser = { limit: bodyLimit, verify: keepRawBody };
  app.use(express.json({ ...parser, type: ['application/json', 'application/*+json'] }));
  app.use(express.text(parser));
  app.use(express.urlencoded({ ...parser, extended: true }));
  // Also bodies without a type count against the limit.
  app.use(express.raw({ ...parser, type: () => true }));
  app.use((request, response) => serve({ hosted, slots, log, request, response }));
  app.use(toAnswer(hosted.name, log));
  return app;
}

function requireInvoker(oidc: OidcIssuer, audience: string): RequestHandler {
  return async (request, response, next) => {
    if (await oidc.accepts(request.headers.authorization, audience)) next();
    else response.status(403).type('text').send('Your client does not have permission.');
  };
}

function keepRawBody(request: IncomingMessage, _response: ServerResponse, body: Buffer): void {
  Object.assign(request, { rawBody: body });
}

async function serve(options: {
  hosted: HostedFunction;
  slots: Slots;
  log: HostLog;
  request: Request;
  response: Response;
}): Promise<void> {
  const { hosted, log, request, response } = options;
  const release = await options.slots.acquire();
  const timer = setTimeout(() => endLate(response), hosted.timeoutSeconds * 1000);
  // The place is free once the answer is given: what a function does after it is not waited for.
  const finish = (): void => {
    clearTimeout(timer);
    release();
  };
  response.once('finish', finish);
  response.once('close', finish);
  try {
    await hosted.run(request, response);
  } catch (error) {
    log.error(`The function ${hosted.name} failed.`, error);
    if (!response.headersSent) response.status(500).type('text').send('Internal Server Error');
  }
}

function endLate(response: Response): void {
  if (response.headersSent) response.destroy();
  else response.status(504).type('text').send('upstream request timeout');
}

/** Errors before the function ran: a body that is too large or not what its type says. */
function toAnswer(name: string, log: HostLog): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const status = statusOf(error);
    if (status >= 500) log.error(`A request to ${name} failed before the function ran.`, error);
    if (response.headersSent) next(error);
    else
      response
        .status(status)
        .type('text')
        .send(status === 413 ? 'Too large' : 'Bad request');
  };
}

function statusOf(error: unknown): number {
  const hasStatus = typeof error === 'object' && error !== null && 'status' in error;
  return hasStatus && typeof error.status === 'number' ? error.status : 500;
}
