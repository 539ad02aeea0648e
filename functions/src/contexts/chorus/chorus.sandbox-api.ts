import type { Context, Hono, MiddlewareHandler } from 'hono';
import type { SandboxServices } from '../testing/sandbox-platform.ts';
import { vendorUsers } from '../testing/sandbox-people.ts';
import { createTrouble } from '../testing/sandbox-trouble.ts';
import { createTurns } from '../testing/sandbox-turns.ts';
import type { ChorusAccount } from './chorus.sandbox-account.ts';
import { userIdOf } from './chorus.sandbox-call.ts';
import type { SandboxEngagement } from './chorus.sandbox-call.ts';
import { toAttributes } from './chorus.sandbox-conversation.ts';
import { jsonApi, refuse } from './chorus.sandbox-errors.ts';
import type { ChorusFaults } from './chorus.sandbox-faults.ts';
import { answerListing } from './chorus.sandbox-listing.ts';

interface ChorusApiOptions extends SandboxServices {
  readonly account: ChorusAccount;
  readonly faults: ChorusFaults;
  readonly now: () => Date;
  readonly apiKey: string;
  readonly requestsPerMinute: number;
  readonly pageSize: number;
}

/** Adds the routes of Chorus' two APIs and what stands before all of them. */
export function addChorusApi(app: Hono, options: ChorusApiOptions): void {
  const gate = createGate(options);
  app.use('/v3/*', gate, requireAccept('application/json'));
  app.use('/api/v1/*', gate);
  app.get('/v3/engagements', (c) => answerListing(c, options));
  app.get('/v3/users', (c) => c.json({ users: vendorUsers.map(toUser) }));
  app.get('/api/v1/users/me', requireAccept(jsonApi), (c) => {
    const [me] = vendorUsers.map(toUser);
    const data = { type: 'user', id: String(me?.user_id ?? ''), attributes: me };
    return answerJsonApi(c, { data });
  });
  addConversations(app, options);
  app.notFound((c) => refuse(c, { status: 404, code: 'not_found', detail: 'No such endpoint' }));
}

function addConversations(app: Hono, options: ChorusApiOptions): void {
  const { account, faults, links } = options;
  const isLate = createTurns(faults['late-transcripts']);
  const isUnfinished = createTurns(faults.unfinished === null ? null : 1);
  const isExpired = createTurns(faults['expired-links'] === null ? null : 1);
  const find = (id: string): SandboxEngagement | null =>
    account.find(id) ?? account.find(id.toUpperCase());
  const toStatus = ({ id, record, clip }: SandboxEngagement): string => {
    if (record['no_show'] === true && clip === null) return 'no show';
    const isListedUnfinished = record['processing_state'] === 'processing';
    return isLate(id) || (isListedUnfinished && isUnfinished(id)) ? 'processing' : 'done';
  };
  const missing = { status: 404, code: 'not_found', detail: 'Conversation not found' } as const;
  app.get('/api/v1/conversations/:id', requireAccept(jsonApi), (c) => {
    const call = find(c.req.param('id'));
    if (call === null) return refuse(c, missing);
    const status = toStatus(call);
    const perSecond = faults.milliseconds === null ? 1 : 1000;
    const fields = c.req.query('fields');
    const attributes = toAttributes(call, { status, perSecond, fields });
    return answerJsonApi(c, { data: { type: 'recording', id: call.id, attributes } });
  });
  app.get('/api/v1/conversations/:id/media', (c) => {
    const call = find(c.req.param('id'));
    if (call === null || call.clip === null) return refuse(c, missing);
    const token = isExpired(call.id) ? links.sign(call.id, -1000) : links.sign(call.id);
    const url = `${options.mediaOriginOf(c.req.raw)}/media/${token}`;
    return c.req.query('info') === 'true' ? c.json({ media: { url } }) : c.redirect(url, 302);
  });
}

function toUser({ name, email }: (typeof vendorUsers)[number]) {
  return { user_id: userIdOf(email), name, email, active: true };
}

/** Authentication, the role, limits and faults, in the order in which Chorus can know of them. */
function createGate(options: ChorusApiOptions): MiddlewareHandler {
  const { faults, apiKey } = options;
  const meetTrouble = createTrouble(options);
  const accepted = new Set([`Bearer ${apiKey}`]);
  if (faults['bearer-only'] === null) accepted.add(apiKey);
  return async (c, next) => {
    // Without a body, as others have met it.
    if (!accepted.has(c.req.header('authorization') ?? '')) return c.body(null, 401);
    if (faults['forbidden-role'] !== null) {
      const detail = 'API may not be called using this token.';
      return refuse(c, { status: 403, code: 'forbidden', detail });
    }
    const trouble = meetTrouble();
    if (trouble === null) return next();
    const { status } = trouble;
    // No Retry-After is documented, so none is sent.
    return status === 429
      ? refuse(c, { status, code: 'too_many_requests', detail: 'Too many requests' })
      : refuse(c, { status, code: 'internal', detail: 'Internal server error' });
  };
}

function requireAccept(mediaType: string): MiddlewareHandler {
  return async (c, next) => {
    const accept = c.req.header('accept') ?? '*/*';
    if (accept.includes(mediaType) || accept.includes('*/*')) return next();
    const detail = `This endpoint answers with ${mediaType}`;
    return refuse(c, { status: 406, code: 'not_acceptable', detail });
  };
}

function answerJsonApi(c: Context, document: unknown): Response {
  return c.body(JSON.stringify(document), 200, { 'content-type': jsonApi });
}
