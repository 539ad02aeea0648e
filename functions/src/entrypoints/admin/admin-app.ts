import { OpenAPIHono, type Hook } from '@hono/zod-openapi';
import type { AdminApp, AdminEnv, AdminServices } from './admin-env.ts';
import { auditRequests } from './audit.ts';
import { addAuditRoutes } from './audit-routes.ts';
import { addCredentialRoutes } from './credential-routes.ts';
import { answerError, answerProblem } from './error-handler.ts';
import { addErrorRoutes } from './error-routes.ts';
import { identifyRequest, limitCaller, requireCaller, requireJsonBody } from './gate.ts';
import { answerOnce } from './idempotency.ts';
import { addImportRoutes } from './import-routes.ts';
import { addJobRoutes } from './job-routes.ts';
import { addDocument } from './openapi-document.ts';
import { addPlatformRoutes } from './platform-routes.ts';
import { addPreviewRoutes } from './preview-routes.ts';
import { badRequest, toPointer, toProblem } from './problem.ts';
import { addUploadRoutes } from './upload-routes.ts';
import { addWhyRoutes } from './why-routes.ts';

/**
 * The admin API as a fetch handler. Its routes are declared once, by zod schemas: parsing, types and
 * the OpenAPI document follow from them. Served under `/admin`; at the function's own URL the name
 * of the function is that prefix, and the path comes without it.
 */
export function createAdminApp(services: AdminServices): AdminApp {
  const app: AdminApp = new OpenAPIHono<AdminEnv>({
    defaultHook: refuseInvalid,
    getPath: (request) => withoutPrefix(new URL(request.url).pathname),
  });
  app.onError(answerError(services.app.logs));
  app.use(identifyRequest(services));
  addDocument(app);
  addErrorRoutes(app, services);
  app.use(requireCaller(services), limitCaller(services), requireJsonBody());
  app.use(auditRequests(app, services), answerOnce(services));
  addPreviewRoutes(app, services);
  addImportRoutes(app, services);
  addJobRoutes(app, services);
  addUploadRoutes(app, services);
  addPlatformRoutes(app, services);
  addWhyRoutes(app, services);
  addCredentialRoutes(app, services);
  addAuditRoutes(app, services);
  app.notFound((c) => answerProblem(c, toMissing(app, c.req.method, c.req.path)));
  return app;
}

/** Names each wrong place by a JSON Pointer, instead of zod-openapi's own answer. */
const refuseInvalid: Hook<unknown, AdminEnv, string, unknown> = (result) => {
  if (result.success) return;
  const errors = result.error.issues.flatMap((issue) => {
    const toPlace = (path: readonly PropertyKey[]) =>
      result.target === 'json' ? toPointer(path) : path.join('.');
    if (issue.code !== 'unrecognized_keys') {
      return [{ pointer: toPlace(issue.path), detail: issue.message }];
    }
    return issue.keys.map((name) => ({
      pointer: toPlace([...issue.path, name]),
      detail: 'is not a known field',
    }));
  });
  const where = result.target === 'json' ? 'body' : result.target === 'param' ? 'path' : 'query';
  throw badRequest(`The ${where} is not right.`, errors);
};

function withoutPrefix(path: string): string {
  return path.replace(/^\/admin(?=\/|$)/, '') || '/';
}

/** 405 with the methods that a path does have, 404 for a path that there is not. */
function toMissing(app: AdminApp, method: string, path: string) {
  const methods = ['GET', 'POST', 'DELETE'].filter((candidate) =>
    app.router.match(candidate, path)[0].some(([[, route]]) => route.method === candidate),
  );
  if (methods.length === 0) {
    return toProblem('no_such_path', { detail: `There is nothing at /admin${path}.` });
  }
  const allowed = methods.join(', ');
  return toProblem('method_not_allowed', {
    detail: `${method} is not possible at /admin${path}.`,
    remedy: `Use ${allowed}.`,
    headers: { Allow: allowed },
  });
}
