import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express from 'express';
import type { Request, RequestHandler, Response } from 'express';
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
  const parsers = [
    express.json({ ...parser, type: ['application/json', 'application/*+json'] }),
    express.text(parser),
    express.urlencoded({ ...parser, extended: true }),
    // Also bodies without a type count against the limit.
    express.raw({ ...parser, type: () => true }),
  ];
  app.use(async (request, response) => {
    const refused = await parseBody(parsers, request, response);
    if (refused === null) await serve({ hosted, slots, log, request, response });
    else refuseBody(response, refused);
  });
  return app;
}

/** Google's framework refuses the same bodies with the same statuses, in fewer words. */
function refuseBody(response: Response, status: number): void {
  const isTooLarge = status === 413;
  const problem = {
    type: 'about:blank',
    title: isTooLarge ? 'The body is too large' : 'The body can not be read',
    status,
    code: isTooLarge ? 'body_too_large' : 'bad_request',
    detail: isTooLarge
      ? `Cloud Functions take at most ${bodyLimit}.`
      : 'The body is not what its Content-Type says; for application/json: not valid JSON.',
    remedy: isTooLarge
      ? 'Send less at once; files go through signed uploads.'
      : 'Send well-formed JSON in UTF-8 with "Content-Type: application/json".',
    retryable: false,
  };
  response.status(status).type('application/problem+json').send(JSON.stringify(problem));
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

/** Null, or the status that refuses a body which is too large or not what its type says. */
async function parseBody(
  parsers: readonly RequestHandler[],
  request: Request,
  response: Response,
): Promise<number | null> {
  try {
    for (const parse of parsers) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      void parse(request, response, (error: unknown) =>
        error === undefined ? resolve() : reject(error),
      );
      await promise;
    }
    return null;
  } catch (error) {
    return statusOf(error);
  }
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

function statusOf(error: unknown): number {
  const hasStatus = typeof error === 'object' && error !== null && 'status' in error;
  return hasStatus && typeof error.status === 'number' ? error.status : 400;
}
