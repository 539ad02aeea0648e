import { z } from 'zod';
import { openAdminWorld, type AdminWorld } from '../../../test/e2e/support/admin-world.ts';
import { drive } from '../../../test/support/engine/drive.ts';
import { status } from '../../contexts/testing/fault-fetch.ts';

const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: 'sandbox-key' } };
const Calls = z.array(
  z.object({
    id: z.string(),
    sourceCallId: z.string(),
    title: z.string(),
    sourceUrl: z.string(),
    startedAt: z.string(),
  }),
);
type Call = z.infer<typeof Calls>[number];

let admin: AdminWorld;
let jobId: string;
let call: Call;

beforeAll(async () => {
  admin = await openAdminWorld({ calls: 5 });
  jobId = await importAll();
  call = await firstCall(jobId);
});

afterAll(async () => {
  expect(admin.answers.join('\n')).not.toContain('sandbox-key');
  await admin.close();
});

async function importAll(body: object = {}): Promise<string> {
  const { headers } = await admin.ask('POST /admin/imports', { body: { ...good, ...body } });
  await drive(admin.world);
  return String(headers.get('location')).replace('/admin/imports/', '');
}

async function firstCall(of: string, query = ''): Promise<Call> {
  const { body } = await admin.ask(`GET /admin/imports/${of}/calls${query}`);
  const [first] = Calls.parse(body);
  if (!first) throw new Error('The import has no such call.');
  return first;
}

function ask(reference: string, more: Readonly<Record<string, string>> = {}) {
  const query = new URLSearchParams({ customerId: 'acme', reference, ...more });
  return admin.ask(`GET /admin/calls/why?${query.toString()}`);
}

describe('GET /admin/calls/why', () => {
  it('tells the whole story of a call', async () => {
    const answer = await ask(call.id);
    expect(answer.status).toBe(200);
    const text = `Imported from Grain on 2025-11-20 10:18 UTC by import ${jobId}.`;
    const next = `Nothing. GET /admin/imports/${jobId}/calls/${call.id} shows its engagement.`;
    expect(answer.body).toEqual({
      reference: call.id,
      explanation: text,
      next,
      calls: [
        {
          ...call,
          durationSeconds: expect.any(Number),
          platform: 'grain',
          status: 'completed',
          reason: null,
          error: null,
          attempts: 0,
          engagementId: call.id,
          seen: { jobId, page: 0, at: '2025-11-20T10:17:23.456Z' },
          history: [],
          explanation: text,
          next,
        },
      ],
      listings: [
        {
          jobId,
          platform: 'grain',
          status: 'completed',
          dateRange: { start: null, end: null },
          filters: {},
          startedAt: '2025-11-20T10:17:23.456Z',
          completedAt: expect.stringMatching(/^2025-11-20T10:/),
          isFinished: true,
          listedCalls: 5,
        },
      ],
    });
  });

  it('finds it by whatever a person has of it', async () => {
    const { docs } = await admin.world.db.collection('engagements').get();
    const { participants } = z
      .object({ participants: z.array(z.object({ email: z.string().nullable() })) })
      .parse(docs.find(({ id }) => id === call.id)?.data());
    const email = participants.find((person) => person.email !== null)?.email ?? '';
    const references = [
      call.sourceCallId,
      call.sourceUrl,
      `${call.sourceUrl}/#t=12`,
      call.title.toUpperCase(),
      ` ${email} `,
    ];
    for (const reference of references) {
      const { body } = await ask(reference);
      const { calls } = z.object({ calls: z.array(z.object({ id: z.string() })) }).parse(body);
      expect([reference, calls.map(({ id }) => id)]).toEqual([
        reference,
        expect.arrayContaining([call.id]),
      ]);
    }
  });

  it('shows each try of a call that failed, with the platform’s request id', async () => {
    const failing = { customerId: 'globex' };
    admin.setFault((url) =>
      url.includes('/download') ? status(403, { 'x-request-id': 'grain-request-17' })() : null,
    );
    const failedJob = await importAll(failing);
    admin.setFault(null);
    const failed = await firstCall(failedJob, '?status=failed');
    const { body } = await ask(failed.sourceCallId, failing);
    expect(body).toMatchObject({
      explanation: expect.stringMatching(/^Failed on 2025-11-20 10:\d\d UTC after one try: Grain/),
      next: `Have the customer grant what the message names; then start it again: POST /admin/imports/${failedJob}/retry?code=permission_denied.`,
      calls: [
        {
          status: 'failed',
          history: [
            {
              timestamp: expect.stringMatching(/^2025-11-20T/),
              code: 'permission_denied',
              source: 'grain',
              status: 403,
              requestId: 'grain-request-17',
            },
          ],
        },
      ],
    });
  });

  it('says of a call that was never seen what was asked for, and when', async () => {
    const { body } = await ask('no-such-call');
    expect(body).toMatchObject({
      explanation: expect.stringMatching(
        /^Grain did not list it between 2025-11-20 10:17 UTC and 2025-11-20 10:\d\d UTC \(asked for all calls\)\. The credentials may not show it, or it is not there\.$/,
      ),
      next: 'Ask the customer whether the user whose key we have sees the call at the platform.',
      calls: [],
    });
  });

  it('says that it was outside the range, where it is known when it was', async () => {
    const initech = { customerId: 'initech' };
    const dateRange = { start: '2035-01-01T00:00:00Z' };
    await importAll({ ...initech, options: { dateRange } });
    const { body } = await ask(call.sourceCallId, { ...initech, startedAt: call.startedAt });
    expect(body).toMatchObject({
      explanation: expect.stringContaining('It was started outside the requested range'),
      next: `Start an import whose dateRange has ${call.startedAt} in it.`,
    });
  });

  it('knows nothing of another customer’s calls', async () => {
    const { body } = await ask(call.id, { customerId: 'umbrella' });
    expect(body).toMatchObject({
      explanation: 'No import has asked a platform for the calls of customer umbrella yet.',
      calls: [],
      listings: [],
    });
  });

  it('wants to know of which call', async () => {
    expect((await ask('   ')).status).toBe(400);
    const answer = await admin.ask('GET /admin/calls/why?customerId=acme');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ pointer: 'reference' }] });
  });
});
