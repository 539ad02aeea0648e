import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { toCaller, type Role } from '../../core/access.ts';
import { createCallerLimit } from '../../core/caller-limit.ts';
import type { AdminEnv, AdminServices } from './admin-env.ts';
import { ProblemError } from './problem.ts';

/** Larger bodies are refused unread. */
export const maxBodyBytes = 2 * 1024 * 1024;

/** Gives the request an id, the caller's own if it is a sensible one, and answers with it. */
export function identifyRequest({ app }: AdminServices): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const own = c.req.header('x-request-id');
    const requestId = own && /^[\w.-]{1,64}$/.test(own) ? own : app.createId();
    c.set('requestId', requestId);
    await next();
    c.header('X-Request-Id', requestId);
    c.header('Cache-Control', 'no-store');
  };
}

/** Lets in whoever brings a valid token with a role that may call this API. */
export function requireCaller({ app }: AdminServices): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
    const identity = token ? await app.verifyCaller(token) : null;
    if (!identity) throw unauthenticated(token !== undefined);
    const caller = toCaller(identity);
    if (!caller) throw forbidden(identity.role);
    c.set('caller', caller);
    await next();
  };
}

/** Lets in callers of one role only; after `requireCaller`. */
export function requireRole(role: Role): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const caller = c.get('caller');
    if (caller.role !== role) throw onlyFor(role, caller.role);
    await next();
  };
}

/** Refuses a caller who has spent this minute's requests on this instance. */
export function limitCaller({ app }: AdminServices): MiddlewareHandler<AdminEnv> {
  const { callerRequestsPerMinute: perMinute } = app.settings();
  const limit = createCallerLimit(perMinute);
  return async (c, next) => {
    const waitMs = limit.take(c.get('caller').id, app.clock.now());
    if (waitMs > 0) throw tooMany(perMinute, waitMs);
    await next();
  };
}

/** Refuses bodies that are too large or not JSON before anything reads them. */
export function requireJsonBody(): MiddlewareHandler<AdminEnv> {
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw tooLarge();
    },
  });
  return async (c, next) => {
    const length = c.req.header('content-length');
    if (c.req.method !== 'POST' || length === '0') return next();
    if (Number(length ?? 0) > maxBodyBytes) throw tooLarge();
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    const isDeclared = length !== undefined || c.req.header('transfer-encoding') !== undefined;
    // A body without a type would be passed over, and with it what the caller asked for.
    if (type === undefined ? isDeclared : type !== 'application/json') throw notJson(type);
    return limit(c, next);
  };
}

function unauthenticated(hasToken: boolean): ProblemError {
  return new ProblemError('unauthenticated', {
    detail: hasToken ? 'The token is not valid or has expired.' : 'The request carries no token.',
    headers: { 'WWW-Authenticate': 'Bearer realm="admin"' },
  });
}

function forbidden(role: string | null): ProblemError {
  return new ProblemError('forbidden', {
    detail: role
      ? `The role "${role}" may not call the admin API.`
      : 'Your user has no role, so it may not call the admin API.',
  });
}

function tooMany(perMinute: number, waitMs: number): ProblemError {
  return new ProblemError('too_many_requests', {
    detail: `You may make ${perMinute} requests in a minute.`,
    headers: { 'Retry-After': String(Math.ceil(waitMs / 1000)) },
  });
}

function onlyFor(role: Role, own: Role): ProblemError {
  return new ProblemError('forbidden', {
    detail: `This is for the role ${role}; yours is ${own}.`,
    remedy: `Ask somebody with the role ${role} to do it.`,
  });
}

function tooLarge(): ProblemError {
  return new ProblemError('body_too_large', {
    detail: `A body may have at most ${maxBodyBytes / 1024 / 1024} MB.`,
  });
}

function notJson(type: string | undefined): ProblemError {
  return new ProblemError('unsupported_media_type', {
    detail: type === undefined ? 'The body has no type.' : `The body is "${type}".`,
  });
}
