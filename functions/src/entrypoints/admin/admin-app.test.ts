import { z } from 'zod';
import { openAdminWorld, type AdminWorld } from '../../../test/e2e/support/admin-world.ts';
import { drive as deliver, type DriveOptions } from '../../../test/support/engine/drive.ts';
import type { TestWorld } from '../../../test/support/engine/test-world.ts';
import { status } from '../../contexts/testing/fault-fetch.ts';

const key = 'sandbox-key';
const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: key } };
const jobIdShape = /^[a-z0-9]{20}$/;
const noErrors = { errors: [], lastError: null };

let admin: AdminWorld;
/** A world of its own for tests that only read: with one import, which has ended. */
let whole: AdminWorld;
let wholeJobId: string;

beforeAll(async () => {
  admin = whole = await openAdminWorld({ calls: 5 });
  wholeJobId = await importAll();
});

afterAll(async () => {
  await whole.close();
});

/** Delivers tasks as a queue does: many at a time. */
function drive(world: TestWorld, options: DriveOptions = {}): Promise<void> {
  return deliver(world, { together: 1, ...options });
}

let fresh: AdminWorld;

beforeEach(async () => {
  admin = fresh = await openAdminWorld({ calls: 5 });
});

afterEach(async () => {
  expect(admin.answers.join('\n')).not.toMatch(/sandbox-key|canary/);
  await fresh.close();
});

const Created = z.object({ jobId: z.string() });
const Listed = z.array(z.object({ id: z.string(), sourceCallId: z.string() }));

async function createImport(body: object = {}): Promise<string> {
  const answer = await admin.ask('POST /admin/imports', { body: { ...good, ...body } });
  expect(answer.status).toBe(201);
  return Created.parse(answer.body).jobId;
}

async function importAll(body: object = {}): Promise<string> {
  const jobId = await createImport(body);
  await drive(admin.world);
  return jobId;
}

/** A platform that serves no recording. */
function withholdRecordings(): void {
  admin.setFault((url) => (url.includes('/download') ? status(403)() : null));
}

async function credentials(): Promise<number> {
  return (await admin.world.db.collection('importCredentials').get()).size;
}

describe('POST /admin/imports', () => {
  it('answers 201 with the job, an estimate and its address, and the import starts', async () => {
    const answer = await admin.ask('POST /admin/imports', { body: good });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      jobId: expect.stringMatching(jobIdShape),
      estimatedCalls: 5,
      estimatedDuration: 'PT2S',
    });
    const { jobId } = Created.parse(answer.body);
    expect(answer.headers.get('location')).toBe(`/admin/imports/${jobId}`);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(admin.world.queue.accepted).toEqual([
      {
        queue: 'advanceJob',
        name: `advance-${jobId}-created`,
        payload: { jobId },
        runAt: null,
      },
    ]);
    await drive(admin.world);
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(body).toMatchObject({ status: 'completed', totalCalls: 5, processedCalls: 5 });
  });

  it('keeps the credentials sealed until the import ends, and destroys them then', async () => {
    await createImport();
    expect(await credentials()).toBe(1);
    const { docs } = await admin.world.db.collection('importCredentials').get();
    expect(JSON.stringify(docs.map((doc) => doc.data()))).not.toContain(key);
    await drive(admin.world);
    expect(await credentials()).toBe(0);
  });

  it('keeps what was asked for, the caller among it', async () => {
    const options = {
      dateRange: { start: '2025-01-01T00:00:00+02:00', end: '2025-12-31T00:00:00Z' },
      filters: { titleSearch: 'Acme' },
      schedule: 'nightly',
    };
    const jobId = await createImport({ platform: 'GRAIN', options });
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(body).toMatchObject({
      platform: 'grain',
      requestedBy: 'support@example.com',
      config: {
        dateRange: { start: '2024-12-31T22:00:00.000Z', end: '2025-12-31T00:00:00.000Z' },
        filters: { titleSearch: 'Acme' },
        schedule: 'nightly',
      },
    });
    expect(admin.world.queue.accepted).toEqual([]);
  });

  it('answers a dry run with the preview: nothing is stored or queued', async () => {
    const before = await admin.snapshot();
    const body = { ...good, options: { dryRun: true } };
    const answer = await admin.ask('POST /admin/imports', { body });
    expect(answer.status).toBe(200);
    const preview = await admin.ask('POST /admin/imports/preview', { body });
    expect(answer.body).toEqual({
      ...{ jobId: null, estimatedCalls: 5, estimatedDuration: 'PT2S' },
      ...z.record(z.string(), z.unknown()).parse(preview.body),
    });
    expect(answer.headers.get('location')).toBeNull();
    expect(await admin.snapshot()).toBe(before);
  });

  it('answers 422 with the platform’s reason for a key that it rejects', async () => {
    const before = await admin.snapshot();
    const body = { ...good, credentials: { apiKey: 'canary-rejected' } };
    const answer = await admin.ask('POST /admin/imports', { body });
    expect(answer.status).toBe(422);
    expect(answer.body).toEqual({
      type: '/admin/errors/auth_invalid',
      title: 'The platform rejects the credentials',
      status: 422,
      code: 'auth_invalid',
      detail:
        'Grain rejected the access token: it is wrong or was revoked. Make a new workspace access token under Settings, Integrations, API.',
      remedy: 'Ask the customer for new credentials; GET /admin/platforms says how to get them.',
      retryable: false,
      requestId: answer.headers.get('x-request-id'),
    });
    expect(await admin.snapshot()).toBe(before);
  });

  it('answers 503, not "invalid", while the platform is down', async () => {
    admin.setFault(status(503));
    const before = await admin.snapshot();
    const answer = await admin.ask('POST /admin/imports', { body: good });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('Grain'),
      remedy: 'Try again in a minute.',
      retryable: true,
    });
    expect(await admin.snapshot()).toBe(before);
  });

  it('answers 429 with Retry-After while the platform wants us to wait', async () => {
    admin.setFault(status(429, { 'retry-after': '120' }));
    const answer = await admin.ask('POST /admin/imports', { body: good });
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(answer.headers.get('retry-after')).toBe('120');
  });

  it('answers 500 without a word of what went wrong, which the log has', async () => {
    const broken = new Error('canary of the inside');
    admin.world.engine.jobs.create = () => Promise.reject(broken);
    const answer = await admin.ask('POST /admin/imports', { body: good });
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({
      code: 'internal',
      detail: 'The engineers have been told.',
      retryable: true,
    });
    const { requestId } = z.object({ requestId: z.string() }).parse(answer.body);
    expect(admin.world.events.filter(({ name }) => name === 'requestFailed')).toEqual([
      { name: 'requestFailed', event: { requestId, path: '/imports', cause: broken } },
    ]);
  });
});

describe('GET /admin/imports/:jobId', () => {
  it('shows a queued import', async () => {
    const jobId = await createImport();
    const { status: code, body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(code).toBe(200);
    expect(body).toEqual({
      id: jobId,
      customerId: 'acme',
      platform: 'grain',
      jobType: 'import',
      status: 'queued',
      totalCalls: null,
      processedCalls: 0,
      failedCalls: 0,
      skippedCalls: 0,
      counts: {
        ...{ platformCount: null, listed: 0, imported: 0, duplicates: 0, gone: 0, noConsent: 0 },
        ...{ filtered: 0, failed: 0, rejected: 0, open: 0, missing: 0 },
      },
      createdAt: '2025-11-20T10:17:23.456Z',
      startedAt: null,
      completedAt: null,
      estimatedCompletionAt: null,
      limitedUntil: null,
      requestedBy: 'support@example.com',
      ...noErrors,
      config: { dateRange: { start: null, end: null }, filters: {}, schedule: 'now' },
    });
  });

  it('shows a completed import with its counts', async () => {
    admin = whole;
    const jobId = wholeJobId;
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(body).toMatchObject({
      status: 'completed',
      totalCalls: 5,
      processedCalls: 5,
      failedCalls: 0,
      skippedCalls: 0,
      counts: { listed: 5, imported: 5, open: 0, missing: 0 },
      startedAt: '2025-11-20T10:17:23.456Z',
      completedAt: expect.stringMatching(/^2025-11-20T10:/),
      ...noErrors,
    });
  });

  it('shows why calls failed', async () => {
    withholdRecordings();
    const jobId = await importAll();
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    const { errors } = z.object({ errors: z.array(z.record(z.string(), z.unknown())) }).parse(body);
    expect(errors.length).toBeGreaterThan(0);
    expect(body).toMatchObject({
      failedCalls: errors.length,
      counts: { listed: 5, failed: errors.length, imported: 5 - errors.length },
    });
    for (const error of errors) {
      expect(error).toEqual({
        callId: expect.stringMatching(/^[a-z2-7]{52}$/),
        error: expect.stringContaining('Grain'),
        retryable: expect.any(Boolean),
        timestamp: expect.stringMatching(/^2025-11-20T/),
      });
    }
  });
});

describe('GET /admin/imports', () => {
  it('lists a customer’s imports only, newest first', async () => {
    const first = await createImport();
    admin.world.clock.advance(1_000);
    const second = await createImport();
    await createImport({ customerId: 'globex' });
    const { status: code, body, headers } = await admin.ask('GET /admin/imports?customerId=acme');
    expect(code).toBe(200);
    expect(body).toMatchObject([{ id: second }, { id: first }]);
    expect(headers.get('link')).toBeNull();
    expect((await admin.ask('GET /admin/imports?customerId=nobody')).body).toEqual([]);
  });

  it('filters by status and platform', async () => {
    const done = await importAll();
    const queued = await createImport();
    const list = async (query: string) =>
      (await admin.ask(`GET /admin/imports?customerId=acme&${query}`)).body;
    expect(await list('status=completed')).toMatchObject([{ id: done }]);
    expect(await list('status=queued')).toMatchObject([{ id: queued }]);
    expect(await list('status=failed')).toEqual([]);
    expect(await list('platform=Grain')).toHaveLength(2);
    expect(await list('platform=gong')).toEqual([]);
  });

  it('pages by Link through all of them, each once, also those of one millisecond', async () => {
    const created = [];
    for (let count = 0; count < 5; count += 1) created.push(await createImport());
    const pages = await follow('/admin/imports?customerId=acme&limit=2');
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat().sort()).toEqual([...created].sort());
  });
});

/** Follows `rel="next"` to the end; the ids of each page. */
async function follow(path: string): Promise<string[][]> {
  const pages: string[][] = [];
  let next: string | null = path;
  while (next !== null && pages.length < 20) {
    const { status: code, body, headers } = await admin.ask(`GET ${next}`);
    expect(code).toBe(200);
    pages.push(
      z
        .array(z.object({ id: z.string() }))
        .parse(body)
        .map(({ id }) => id),
    );
    next = /^<(\/admin\/[^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;
  }
  return pages;
}

describe('GET /admin/imports/:jobId/calls', () => {
  it('shows each call', async () => {
    admin = whole;
    const jobId = wholeJobId;
    const { body } = await admin.ask(`GET /admin/imports/${jobId}/calls`);
    const [truth] = admin.world.sandbox.truth();
    const calls = Listed.parse(body);
    expect(calls).toHaveLength(5);
    const shown = calls.find(({ sourceCallId }) => sourceCallId === truth?.sourceCallId);
    expect(shown?.id).toMatch(/^[a-z2-7]{52}$/);
    expect(body).toContainEqual({
      id: shown?.id,
      sourceCallId: truth?.sourceCallId,
      status: 'completed',
      title: truth?.title,
      startedAt: truth?.startedAt.toISOString(),
      durationSeconds: truth?.durationSeconds,
      sourceUrl: `https://grain.com/share/recording/${truth?.sourceCallId ?? ''}`,
      reason: null,
      error: null,
      attempts: 0,
      engagementId: shown?.id,
    });
  });

  it('pages by Link through all of them, each once', async () => {
    admin = whole;
    const jobId = wholeJobId;
    const pages = await follow(`/admin/imports/${jobId}/calls?limit=2`);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(new Set(pages.flat()).size).toBe(5);
  });

  it('keeps the filter from page to page', async () => {
    admin = whole;
    const jobId = wholeJobId;
    const pages = await follow(`/admin/imports/${jobId}/calls?status=completed&limit=2`);
    expect(new Set(pages.flat()).size).toBe(5);
    expect(await follow(`/admin/imports/${jobId}/calls?status=failed`)).toEqual([[]]);
  });

  it('pages through duplicates, and each says who has the call', async () => {
    const first = await importAll();
    const second = await importAll();
    const { body } = await admin.ask(`GET /admin/imports/${second}`);
    expect(body).toMatchObject({
      status: 'completed',
      processedCalls: 5,
      skippedCalls: 5,
      counts: { listed: 5, imported: 0, duplicates: 5 },
    });
    const pages = await follow(`/admin/imports/${second}/calls?status=duplicate&limit=2`);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(new Set(pages.flat()).size).toBe(5);
    const shown = await admin.ask(`GET /admin/imports/${second}/calls?status=duplicate&limit=1`);
    expect(shown.body).toMatchObject([
      { status: 'duplicate', reason: `imported before by import ${first}` },
    ]);
    expect((await admin.ask(`GET /admin/imports/${second}/calls`)).body).toEqual([]);
  });
});

describe('GET /admin/imports/:jobId/calls/:callId', () => {
  it('shows the engagement with links to the recording and the transcript', async () => {
    admin = whole;
    const jobId = wholeJobId;
    const truth = admin.world.sandbox.truth().find((call) => call.hasMedia && call.hasTranscript);
    const listed = Listed.parse((await admin.ask(`GET /admin/imports/${jobId}/calls`)).body);
    const callId = listed.find((call) => call.sourceCallId === truth?.sourceCallId)?.id ?? '';
    const { status: code, body } = await admin.ask(`GET /admin/imports/${jobId}/calls/${callId}`);
    expect(code).toBe(200);
    expect(body).toMatchObject({
      id: callId,
      status: 'completed',
      history: [],
      engagement: { id: callId, customerId: 'acme', importBatchId: jobId },
    });
    const links = z.object({ mediaUrl: z.string(), transcriptUrl: z.string() }).parse(body);
    const media = await admin.storage(new Request(links.mediaUrl));
    expect(media.status).toBe(200);
    const bytes = await media.arrayBuffer();
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
    expect(digest).toBe(truth?.mediaSha256);
    const transcript = await admin.storage(new Request(links.transcriptUrl));
    expect(await transcript.json()).toMatchObject({ segments: expect.any(Array) });
  });

  it('tells the history of a call that failed', async () => {
    withholdRecordings();
    const jobId = await importAll();
    const failed = await admin.ask(`GET /admin/imports/${jobId}/calls?status=failed&limit=1`);
    const callId = Listed.parse(failed.body)[0]?.id ?? '';
    const { body } = await admin.ask(`GET /admin/imports/${jobId}/calls/${callId}`);
    expect(body).toMatchObject({
      status: 'failed',
      error: { callId, error: expect.stringContaining('Grain') },
      engagement: null,
      mediaUrl: null,
      transcriptUrl: null,
    });
    const { history } = z.object({ history: z.array(z.unknown()) }).parse(body);
    expect(history[0]).toEqual({
      timestamp: expect.stringMatching(/^2025-11-20T/),
      code: expect.stringMatching(/^[a-z_]+$/),
      source: 'grain',
      message: expect.stringContaining('Grain'),
      status: 403,
      requestId: null,
    });
  });

  it('answers for another customer’s call exactly as for one that there is not', async () => {
    const jobId = await importAll();
    const other = await importAll({ customerId: 'globex' });
    const theirs = Listed.parse((await admin.ask(`GET /admin/imports/${other}/calls`)).body)[0];
    const nobodys = 'a'.repeat(52);
    const request = (callId: string) =>
      admin.ask(`GET /admin/imports/${jobId}/calls/${callId}`, {
        headers: { 'x-request-id': '1' },
      });
    const refused = await request(theirs?.id ?? '');
    const missing = await request(nobodys);
    expect(refused.status).toBe(404);
    expect(refused.text).toBe(missing.text.replace(nobodys, theirs?.id ?? ''));
  });
});

describe('GET /admin/imports/:jobId/report', () => {
  it('says of a whole import that every call is accounted for', async () => {
    admin = whole;
    const jobId = wholeJobId;
    const { status: code, body } = await admin.ask(`GET /admin/imports/${jobId}/report`);
    expect(code).toBe(200);
    expect(body).toEqual({
      jobId,
      status: 'completed',
      isComplete: true,
      counts: {
        ...{ platformCount: null, listed: 5, imported: 5, duplicates: 0, gone: 0, noConsent: 0 },
        ...{ filtered: 0, failed: 0, rejected: 0, open: 0, missing: 0 },
      },
      gaps: [],
      explanation: 'All 5 calls in range are accounted for.',
    });
  });

  it('says before that what is missing, and after failures what to do', async () => {
    withholdRecordings();
    const jobId = await createImport();
    expect((await admin.ask(`GET /admin/imports/${jobId}/report`)).body).toMatchObject({
      isComplete: false,
      explanation: 'The platform has not been listed to its end yet.',
    });
    await drive(admin.world);
    expect((await admin.ask(`GET /admin/imports/${jobId}/report`)).body).toMatchObject({
      isComplete: false,
      explanation: expect.stringMatching(
        new RegExp(
          `^Of 5 calls listed: \\d failed \\(POST /admin/imports/${jobId}/retry starts them again\\)\\.$`,
        ),
      ),
    });
  });
});

describe('POST /admin/imports/:jobId/retry', () => {
  it('starts the failed calls of an ended import again, with new credentials', async () => {
    withholdRecordings();
    const jobId = await importAll();
    const failed = Listed.parse(
      (await admin.ask(`GET /admin/imports/${jobId}/calls?status=failed`)).body,
    );
    admin.setFault(null);
    const body = { credentials: { apiKey: key } };
    const answer = await admin.ask(`POST /admin/imports/${jobId}/retry`, { body });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ retriedCount: failed.length });
    expect(failed.length).toBeGreaterThan(0);
    await drive(admin.world);
    expect((await admin.ask(`GET /admin/imports/${jobId}`)).body).toMatchObject({
      status: 'completed',
      counts: { listed: 5, imported: 5, failed: 0 },
      ...noErrors,
    });
    expect(await credentials()).toBe(0);
  });

  it('starts only those that failed with one code, and touches nothing where none did', async () => {
    // Recordings that are withheld, but one: its answer is no recording at all.
    let downloads = 0;
    admin.setFault((url) => {
      if (!url.includes('/download')) return null;
      downloads += 1;
      return downloads === 1 ? status(418)() : status(403)();
    });
    const jobId = await importAll();
    const body = { credentials: { apiKey: key } };
    const before = await admin.snapshot();
    const none = await admin.ask(`POST /admin/imports/${jobId}/retry?code=payment_required`, {
      body,
    });
    expect(none.body).toEqual({ retriedCount: 0 });
    expect(await admin.snapshot()).toBe(before);
    admin.setFault(null);
    const some = await admin.ask(`POST /admin/imports/${jobId}/retry?code=contract`, { body });
    expect(some.body).toEqual({ retriedCount: 1 });
    await drive(admin.world);
    const { body: calls } = await admin.ask(`GET /admin/imports/${jobId}/calls?status=failed`);
    expect(Listed.parse(calls).length).toBeGreaterThan(0);
    const { body: job } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(job).toMatchObject({ status: 'partial', counts: { open: 0 } });
  });

  it('says that credentials are needed, once the one-off ones were destroyed', async () => {
    withholdRecordings();
    const jobId = await importAll();
    const before = await admin.snapshot();
    const answer = await admin.ask(`POST /admin/imports/${jobId}/retry`);
    const detail =
      'The credentials were destroyed when the import ended. Send them again as "credentials" in the body, or name stored ones as "credentialId".';
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'bad_request',
      detail,
      errors: [{ pointer: '/credentials', detail }],
    });
    expect(await admin.snapshot()).toBe(before);
  });

  it('refuses credentials that the platform rejects, and the import stays ended', async () => {
    withholdRecordings();
    const jobId = await importAll();
    const before = await admin.snapshot();
    const body = { credentials: { apiKey: 'canary-rejected' } };
    const answer = await admin.ask(`POST /admin/imports/${jobId}/retry`, { body });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'auth_invalid' });
    expect(await admin.snapshot()).toBe(before);
  });

  it('has nothing to do for a completed import, which stays ended', async () => {
    admin = whole;
    const jobId = wholeJobId;
    expect((await admin.ask(`POST /admin/imports/${jobId}/retry`)).body).toEqual({
      retriedCount: 0,
    });
    const { body } = await admin.ask(`GET /admin/imports/${jobId}`);
    expect(body).toMatchObject({ status: 'completed', processedCalls: 5 });
  });

  it('has nothing to do for a running import without failures, which goes on', async () => {
    const jobId = await createImport();
    await drive(admin.world, { until: () => true });
    expect((await admin.ask(`GET /admin/imports/${jobId}`)).body).toMatchObject({
      status: 'in_progress',
    });
    expect((await admin.ask(`POST /admin/imports/${jobId}/retry`)).body).toEqual({
      retriedCount: 0,
    });
    await drive(admin.world);
    expect((await admin.ask(`GET /admin/imports/${jobId}`)).body).toMatchObject({
      status: 'completed',
      counts: { imported: 5 },
    });
  });

  it('is refused for a cancelled import, with what to do instead', async () => {
    const jobId = await createImport();
    await admin.ask(`DELETE /admin/imports/${jobId}`);
    const before = await admin.snapshot();
    const body = { credentials: { apiKey: key } };
    const answer = await admin.ask(`POST /admin/imports/${jobId}/retry`, { body });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      code: 'conflict',
      detail: `Import ${jobId} was cancelled. Start a new import: it takes over the calls that are not imported yet.`,
      retryable: false,
    });
    expect(await admin.snapshot()).toBe(before);
  });
});

describe('DELETE /admin/imports/:jobId', () => {
  it('cancels for good: nothing more is imported and the credentials are gone', async () => {
    const jobId = await createImport();
    await drive(admin.world, { until: () => true });
    const answer = await admin.ask(`DELETE /admin/imports/${jobId}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: 'cancelled' });
    expect(await credentials()).toBe(0);
    await drive(admin.world);
    expect((await admin.ask(`GET /admin/imports/${jobId}`)).body).toMatchObject({
      status: 'cancelled',
      completedAt: '2025-11-20T10:17:23.456Z',
      counts: { imported: 0 },
    });
  });

  it('twice answers the same, and changes nothing', async () => {
    const jobId = await createImport();
    await admin.ask(`DELETE /admin/imports/${jobId}`);
    const before = await admin.snapshot();
    const again = await admin.ask(`DELETE /admin/imports/${jobId}`);
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ status: 'cancelled' });
    expect(await admin.snapshot()).toBe(before);
  });
});

describe('POST /admin/imports/:jobId/pause and /resume', () => {
  it('stop an import and let it go on to its end', async () => {
    const jobId = await createImport();
    await drive(admin.world, { until: () => true });
    const paused = await admin.ask(`POST /admin/imports/${jobId}/pause`);
    expect(paused.status).toBe(200);
    expect(paused.body).toMatchObject({ id: jobId, status: 'paused' });
    await drive(admin.world);
    expect((await admin.ask(`GET /admin/imports/${jobId}`)).body).toMatchObject({
      status: 'paused',
      counts: { imported: 0 },
    });
    const again = await admin.ask(`POST /admin/imports/${jobId}/pause`);
    expect(again.body).toMatchObject({ status: 'paused' });
    const resumed = await admin.ask(`POST /admin/imports/${jobId}/resume`);
    expect(resumed.status).toBe(200);
    expect(resumed.body).toMatchObject({ id: jobId, status: 'in_progress' });
    await drive(admin.world);
    expect((await admin.ask(`GET /admin/imports/${jobId}`)).body).toMatchObject({
      status: 'completed',
      counts: { listed: 5, imported: 5 },
    });
  });

  it('are refused for an import that has not started', async () => {
    const jobId = await createImport();
    for (const [action, verb] of [
      ['pause', 'paused'],
      ['resume', 'resumed'],
    ]) {
      const answer = await admin.ask(`POST /admin/imports/${jobId}/${action ?? ''}`);
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        detail: `Import ${jobId} is queued and can't be ${verb ?? ''}.`,
      });
    }
  });
});

describe('POST /admin/uploads', () => {
  const Uploads = z.object({
    uploads: z.array(
      z.object({
        uploadId: z.string(),
        fileName: z.string(),
        url: z.string(),
        headers: z.record(z.string(), z.string()),
      }),
    ),
  });

  it('signs links by which files are uploaded and then imported', async () => {
    const files = [{ fileName: '../né "1".mp3', contentType: 'audio/mpeg', sizeBytes: 3 }];
    const answer = await admin.ask('POST /admin/uploads', { body: { customerId: 'acme', files } });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      uploads: [
        {
          uploadId: expect.stringMatching(jobIdShape),
          fileName: '../né "1".mp3',
          url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:5001\/storage\//),
          method: 'PUT',
          headers: expect.objectContaining({ 'content-type': 'audio/mpeg' }),
          expiresAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
        },
      ],
    });
    const [link] = Uploads.parse(answer.body).uploads;
    const { url, headers, uploadId, fileName } = link ?? { url: '', headers: {} };
    const put = new Request(url, { method: 'PUT', headers, body: 'ID3' });
    expect((await admin.storage(put)).status).toBe(200);
    const body = { customerId: 'acme', platform: 'manual', uploads: [{ uploadId, fileName }] };
    const created = await admin.ask('POST /admin/imports', { body });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ estimatedCalls: 1 });
    await drive(admin.world);
    const { jobId } = Created.parse(created.body);
    expect((await admin.ask(`GET /admin/imports/${jobId}`)).body).toMatchObject({
      status: 'failed',
      failedCalls: 1,
      errors: [{ error: expect.stringContaining('“../né "1".mp3”'), retryable: false }],
    });
    const retried = await admin.ask(`POST /admin/imports/${jobId}/retry`, {
      body: { credentials: { batchKey: 'customers/other/uploads/batches/x.json' } },
    });
    expect(retried.body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/credentials', detail: 'has no meaning for Manual upload' }],
    });
  });
});

describe('GET /admin/platforms', () => {
  it('shows all twelve, with what each needs', async () => {
    const { status: code, body } = await admin.ask('GET /admin/platforms');
    expect(code).toBe(200);
    expect(body).toHaveLength(12);
    expect(body).toContainEqual(
      expect.objectContaining({
        platform: 'grain',
        displayName: 'Grain',
        auth: 'api_key',
        rateLimits: { requestsPerSecond: 5, requestsPerDay: null },
        credentials: [
          {
            name: 'apiKey',
            title: 'Workspace access token',
            description: 'From Grain, Settings, Integrations, API: it sees every recording.',
            required: true,
            secret: true,
          },
        ],
      }),
    );
  });
});

describe('every answer', () => {
  it('carries the caller’s own request id, if it is a sensible one', async () => {
    const ask = async (id: string) => {
      const headers = { 'x-request-id': id };
      const answer = await admin.ask('GET /admin/nothing', { headers });
      return [answer.headers.get('x-request-id'), answer.body];
    };
    expect(await ask('trace-1.a_B')).toEqual([
      'trace-1.a_B',
      expect.objectContaining({ requestId: 'trace-1.a_B' }),
    ]);
    expect(await ask('<script>')).toEqual([expect.stringMatching(jobIdShape), expect.anything()]);
    expect(await ask('x'.repeat(65))).toEqual([
      expect.stringMatching(jobIdShape),
      expect.anything(),
    ]);
  });

  it('is the same under /admin and at the function’s own URL, where links name /admin', async () => {
    const jobId = await createImport();
    for (const path of [
      `/imports/${jobId}`,

      '/imports?customerId=acme&limit=1',
      '/platforms',
      '/openapi.json',
    ]) {
      const hosted = await admin.ask(`GET /admin${path}`);
      const own = await admin.ask(`GET ${path}`);
      expect(own.status).toBe(200);
      expect(own.text).toBe(hosted.text);
      expect(own.headers.get('link')).toBe(hosted.headers.get('link'));
    }
    const created = await admin.ask('POST /imports', { body: good });
    expect(created.headers.get('location')).toMatch(/^\/admin\/imports\/[a-z0-9]{20}$/);
  });

  it('to a HEAD is that of a GET without its body', async () => {
    const answer = await admin.ask('HEAD /admin/platforms');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});
