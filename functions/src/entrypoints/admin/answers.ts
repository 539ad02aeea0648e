import type { z } from '@hono/zod-openapi';
import { ProblemView } from './schemas.ts';

/** A JSON answer in a route's description. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** A JSON body in a route's description. */
export function jsonBody<T extends z.ZodType>(schema: T, required = true) {
  return { body: { required, content: { 'application/json': { schema } } } };
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: ProblemView } },
});

/** What every operation may answer beside its own. */
export const problems = {
  400: problem('The request is not right; `errors` names each place.'),
  401: problem('No valid token.'),
  403: problem('The role may not do this.'),
  404: problem('There is no such thing.'),
  409: problem('Not possible in the present state.'),
  413: problem('The body is too large.'),
  415: problem('The body is not JSON.'),
  422: problem('The platform rejects the credentials.'),
  429: problem('The platform wants us to wait; `Retry-After` says how long.'),
  500: problem('Something went wrong on our side.'),
  502: problem('The platform answered with something unexpected.'),
  503: problem('The platform or a service of ours does not answer.'),
};
