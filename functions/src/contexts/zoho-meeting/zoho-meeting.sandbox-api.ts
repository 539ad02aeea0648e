import type { Context, Hono, MiddlewareHandler } from 'hono';
import type { SandboxServices } from '../testing/sandbox-platform.ts';
import { sandboxOAuthApp } from '../testing/sandbox-tokens.ts';
import type { TokenIssuer } from '../testing/sandbox-tokens.ts';
import { createTrouble } from '../testing/sandbox-trouble.ts';
import { createTurns } from '../testing/sandbox-turns.ts';
import type { ZohoMeetingAccount } from './zoho-meeting.sandbox-account.ts';
import type { ZohoMeetingFaults } from './zoho-meeting.sandbox-faults.ts';
import { addZohoFiles } from './zoho-meeting.sandbox-files.ts';
import type { SandboxRecording } from './zoho-meeting.sandbox-recording.ts';

interface ZohoMeetingApiOptions extends SandboxServices {
  readonly account: ZohoMeetingAccount;
  readonly faults: ZohoMeetingFaults;
  readonly tokens: TokenIssuer;
  readonly organisationId: string;
  readonly now: () => Date;
  readonly requestsPerMinute: number;
  readonly pageSize: number;
}

/** Adds the routes of Zoho Meeting's API v2, of its file hosts and of the accounts server. */
export function addZohoMeetingApi(app: Hono, options: ZohoMeetingApiOptions): void {
  const { organisationId, tokens, faults } = options;
  const gate = createGate(options);
  const own = requireOrganisation(organisationId);
  addTokenRoute(app, tokens);
  addZohoFiles(app, { ...options, isAuthorized: (c) => isAuthorized(c, tokens) });
  app.use('/api/v2/*', gate);
  app.use('/meeting/api/v2/*', gate);
  app.get('/api/v2/user.json', (c) =>
    c.json({
      userDetails: {
        ...{ zsoid: Number(organisationId), zuid: 765, isAdmin: true, orgName: 'Northwind' },
        ...{ primaryEmail: 'ann.lee@northwind.example', fullName: 'Ann Lee' },
        redirectionServer: 'https://meeting.zoho.com',
      },
    }),
  );
  addRecordings(app, options);
  app.use('/api/v2/:zsoid/:report/:file', own, async (c, next) =>
    faults['missing-scope'] === null ? next() : refuse(c, 'unauthorized'),
  );
  addReports(app, options);
  app.notFound((c) => refuse(c, 'unknown'));
}

function addRecordings(app: Hono, options: ZohoMeetingApiOptions): void {
  const { account, faults } = options;
  const toRecord = createLinker(options);
  const isUnfinished = createTurns(faults.unfinished === null ? null : 1);
  const own = requireOrganisation(options.organisationId);
  app.get('/meeting/api/v2/:zsoid/recordings.json', own, (c) => {
    const index = faults['repeated-page'] === null ? Number(c.req.query('index') ?? 0) : 0;
    const count = Math.min(Number(c.req.query('count') ?? options.pageSize), options.pageSize);
    if (!Number.isInteger(index) || !Number.isInteger(count) || count < 1) {
      return refuse(c, 'parameter');
    }
    const { recordings, hasMore } = account.page(index, count);
    return c.json({
      meta: { count: recordings.length, moreRecords: hasMore },
      recordings: recordings.map((recording) => toRecord(c, recording)),
    });
  });
  app.get('/meeting/api/v2/:zsoid/recordings/:file', own, (c) => {
    const recordings = account.ofMeeting(toMeetingKey(c));
    if (recordings.length === 0) return refuse(c, 'meeting');
    return c.json({
      count: recordings.length,
      recordings: recordings.map((recording) => {
        const { startTimeinMs, status, ...rest } = toRecord(c, recording);
        const isProcessing = status === 'PROCESSING' && isUnfinished(recording.id);
        return {
          ...rest,
          startTimeMillis: String(startTimeinMs),
          processingState: isProcessing ? 'PROCESSING' : 'UPLOADED',
          fileSize: 622_000_000,
        };
      }),
    });
  });
}

/** A record with its links, which are there whether or not there is anything behind them. */
function createLinker(
  options: ZohoMeetingApiOptions,
): (c: Context, recording: SandboxRecording) => Readonly<Record<string, unknown>> {
  const { faults, links, mediaOriginOf } = options;
  const isLate = createTurns(faults['late-transcripts']);
  const isExpired = createTurns(faults['expired-links'] === null ? null : 1);
  return (c, { id, record, clip }) => {
    const lifetimes = isExpired(id) ? [-1000] : [];
    const linkTo = (what: string) =>
      `${mediaOriginOf(c.req.raw)}/media/${links.sign(`${what} ${id}`, ...lifetimes)}`;
    const isGenerated = record['isTranscriptGenerated'] === true && !isLate(id);
    return {
      ...record,
      ...(clip !== null && { downloadUrl: linkTo('media') }),
      transcriptionDownloadUrl: linkTo('transcript'),
      isTranscriptGenerated: isGenerated,
    };
  };
}

function addReports(app: Hono, { account, faults }: ZohoMeetingApiOptions): void {
  const first = faults['zero-based'] === null ? 1 : 0;
  app.get('/api/v2/:zsoid/participant/:file', (c) => {
    const [index, count] = [Number(c.req.query('index')), Number(c.req.query('count'))];
    if (!Number.isInteger(index) || !Number.isInteger(count)) return refuse(c, 'parameter');
    const [meeting] = account.ofMeeting(toMeetingKey(c));
    if (meeting === undefined || meeting.hasNoReport) return refuse(c, 'meeting');
    const came = meeting.people.filter(({ attended }) => attended);
    const known = came.slice(0, came.length - (faults['missing-participants'] ?? 0));
    const from = Math.max(0, index - first);
    return c.json({
      participantsCount: came.length,
      participants: known.slice(from, from + count).map(({ name, email }, seat) => ({
        ...{ name, ...(email !== null && { email }), role: seat === 0 ? 'Presenter' : 'Attendee' },
        joinTime: meeting.startMs,
        ...{ duration: 60_000, source: 'Web', memberId: String(seat + 1), inAndOutTime: [] },
      })),
    });
  });
  app.get('/api/v2/:zsoid/sessions/:file', (c) => {
    const [meeting] = account.ofMeeting(toMeetingKey(c));
    if (meeting === undefined || meeting.hasNoReport) return refuse(c, 'meeting');
    const [presenter, ...others] = meeting.people;
    const { meetingKey, record } = meeting;
    return c.json({
      session: {
        ...{ meetingKey, topic: record['topic'] ?? null, agenda: '', timezone: 'Asia/Kolkata' },
        ...{ presenterName: presenter?.name ?? null, presenterEmail: presenter?.email ?? null },
        ...{ startTime: 'Jun 19, 2020 07:00 PM IST', duration: 3_600_000 },
        participants: others.flatMap(({ email }, at) =>
          email === null ? [] : [{ id: String(at + 1), email }],
        ),
      },
    });
  });
}

function toMeetingKey(c: Context): string {
  return (c.req.param('file') ?? '').replace(/\.json$/, '');
}

/** The accounts server, which refuses with a status of success. */
function addTokenRoute(app: Hono, tokens: TokenIssuer): void {
  app.post('/oauth/v2/token', async (c) => {
    if (!/^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '')) {
      return c.json({ error: 'invalid_request' });
    }
    const form = new URLSearchParams(await c.req.text());
    const { clientId, clientSecret } = sandboxOAuthApp;
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret) {
      return c.json({ error: 'invalid_client' });
    }
    if (form.get('grant_type') !== 'refresh_token') return c.json({ error: 'invalid_request' });
    const given = tokens.exchange(form.get('refresh_token') ?? '');
    if (given === null) return c.json({ error: 'invalid_code' });
    // No new refresh token: the old one stays good.
    return c.json({
      access_token: given.accessToken,
      api_domain: 'https://www.zohoapis.com',
      ...{ token_type: 'Bearer', expires_in: given.expiresInSeconds },
    });
  });
}

/** The token, its data centre, limits and faults. */
function createGate(options: ZohoMeetingApiOptions): MiddlewareHandler {
  const meetTrouble = createTrouble(options);
  return async (c, next) => {
    if (!isAuthorized(c, options.tokens)) return refuse(c, 'token');
    const trouble = meetTrouble();
    if (trouble === null) return next();
    return trouble.status === 429 ? c.text('Too many requests', 429) : c.text('Error', 500);
  };
}

/** Another scheme, or another data centre's host, is as good as a wrong token. */
function isAuthorized(c: Context, tokens: TokenIssuer): boolean {
  const { hostname } = new URL(c.req.url);
  const isElsewhere = /^meeting\.zoho/.test(hostname) && hostname !== 'meeting.zoho.com';
  const [, token] = /^Zoho-oauthtoken (\S+)$/.exec(c.req.header('authorization') ?? '') ?? [];
  return token !== undefined && !isElsewhere && tokens.accepts(token);
}

function requireOrganisation(organisationId: string): MiddlewareHandler {
  return async (c, next) =>
    c.req.param('zsoid') === organisationId ? next() : refuse(c, 'unauthorized');
}

const refusals = {
  token: { status: 400, error: { code: 2000, message: 'INVALID_OAUTHTOKEN' } },
  parameter: {
    status: 400,
    error: { errorCode: 4000, message: 'Invalid parameter', key: 'INVALID_PARAMETER' },
  },
  meeting: {
    status: 400,
    error: { errorCode: 4000, message: 'No such meeting', key: 'INVALID_MEETING_KEY' },
  },
  unauthorized: {
    status: 401,
    error: {
      ...{ errorCode: 3001, key: 'UNAUTHORIZED_USER' },
      message: 'You do not have permission to do this',
    },
  },
  unknown: {
    status: 404,
    error: { errorCode: 1001, message: 'URL not found', key: 'INVALID_URL' },
  },
} as const;

function refuse(c: Context, why: keyof typeof refusals): Response {
  const { status, error } = refusals[why];
  return c.json({ error }, status);
}
