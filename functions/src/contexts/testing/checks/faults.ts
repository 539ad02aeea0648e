import type { ErrorKind } from '../../../core/errors.ts';
import type { Check, Suite } from '../check.ts';
import { failureOf, listAll, toIds } from '../check.ts';
import type { WrapFetch } from '../fault-fetch.ts';
import { answering, status } from '../fault-fetch.ts';

interface StatusFault {
  readonly code: number;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly requests: number;
}

const statusFaults: readonly StatusFault[] = [
  { code: 400, kind: 'bad_request', retryable: false, requests: 1 },
  { code: 401, kind: 'auth_invalid', retryable: false, requests: 1 },
  { code: 402, kind: 'payment_required', retryable: false, requests: 1 },
  { code: 403, kind: 'permission_denied', retryable: false, requests: 1 },
  { code: 404, kind: 'not_found', retryable: false, requests: 1 },
  { code: 408, kind: 'timeout', retryable: true, requests: 3 },
  { code: 500, kind: 'unavailable', retryable: true, requests: 3 },
  { code: 503, kind: 'unavailable', retryable: true, requests: 3 },
];

export const faultChecks: readonly Check[] = [
  ...statusFaults.map((fault) => ({
    name: `answers ${String(fault.code)} with the error that it means`,
    run: async (suite: Suite) => {
      await expectFault(suite, answering(status(fault.code, { 'x-request-id': 'req-17' })), {
        ...fault,
        kind: suite.options.kindsByStatus?.[fault.code] ?? fault.kind,
        requestId: 'req-17',
      });
    },
  })),
  {
    name: 'hands a 429 with a wait in seconds to the queue',
    run: async (suite) => {
      const wrap = answering(status(429, { 'retry-after': '90' }));
      await expectFault(suite, wrap, { ...limited, retryAfterMs: 90_000, requests: 1 });
    },
  },
  {
    name: 'hands a 429 with a date to the queue',
    run: async (suite) => {
      // The clock of the suite starts at 10:17:23.456.
      const wrap = answering(status(429, { 'retry-after': 'Thu, 20 Nov 2025 10:19:23 GMT' }));
      await expectFault(suite, wrap, { ...limited, retryAfterMs: 119_544, requests: 1 });
    },
  },
  {
    name: 'tries a 429 without a wait a few times',
    run: async (suite) => {
      await expectFault(suite, answering(status(429)), {
        ...limited,
        retryAfterMs: null,
        requests: 3,
      });
    },
  },
  {
    name: 'takes a nonsensical wait for none and a monstrous one for a day',
    run: async (suite) => {
      const soon = answering(status(429, { 'retry-after': 'soon' }));
      await expectFault(suite, soon, { ...limited, retryAfterMs: null, requests: 3 });
      const never = answering(status(429, { 'retry-after': '999999999' }));
      await expectFault(suite, never, { ...limited, retryAfterMs: 86_400_000, requests: 1 });
    },
  },
  {
    name: 'gets through after a short 429',
    run: async (suite) => {
      await expectSuccess(suite, answering(status(429, { 'retry-after': '1' }), 1));
    },
  },
  {
    name: 'gets through after a 500',
    run: async (suite) => {
      await expectSuccess(suite, answering(status(500), 2));
    },
  },
  {
    name: 'leaves a 503 that asks for a long wait to the queue',
    run: async (suite) => {
      const wrap = answering(status(503, { 'retry-after': '120' }));
      const unavailable = { kind: 'unavailable', retryable: true } as const;
      await expectFault(suite, wrap, { ...unavailable, retryAfterMs: 120_000, requests: 1 });
    },
  },
  {
    name: 'reports broken JSON as a broken contract, after other tries',
    run: async (suite) => {
      const wrap = answering(
        () => new Response('{"half":', { headers: { 'content-type': 'application/json' } }),
      );
      await expectFault(suite, wrap, { kind: 'contract', retryable: true, requests: 3 });
    },
  },
  {
    name: 'reports a web page in place of JSON as a broken contract, after other tries',
    run: async (suite) => {
      const wrap = answering(
        () => new Response('<html>Back soon</html>', { headers: { 'content-type': 'text/html' } }),
      );
      await expectFault(suite, wrap, { kind: 'contract', retryable: true, requests: 3 });
    },
  },
  {
    name: 'reports an answer that is far too large as a broken contract',
    run: async (suite) => {
      const wrap = answering(
        () => new Response('['.repeat(70_000), { headers: { 'content-type': 'application/json' } }),
      );
      const opened = suite.open({ wrap, environment: { maxBodyBytes: 65_536 } });
      const error = await failureOf(listAll(opened, suite.credentials));
      expect(error).toMatchObject({ kind: 'contract', retryable: false });
      expect(opened.seen).toHaveLength(1);
    },
  },
  {
    name: 'follows no redirect of the API',
    run: async (suite) => {
      const wrap = answering(status(302, { location: 'https://evil.example.com/' }));
      await expectFault(suite, wrap, { kind: 'contract', retryable: false, requests: 1 });
    },
  },
  {
    name: 'backs off longer from try to try, with jitter',
    run: async (suite) => {
      const opened = suite.open({ wrap: answering(status(503)) });
      await failureOf(listAll(opened, suite.credentials));
      // Half of 500 ms, half of 1000 ms: the suite's dice always show a half.
      expect(opened.clock.slept).toEqual([250, 500]);
    },
  },
];

const limited = { kind: 'rate_limited', retryable: true } as const;

async function expectFault(
  suite: Suite,
  wrap: WrapFetch,
  expected: {
    readonly kind: ErrorKind;
    readonly retryable: boolean;
    readonly requests: number;
    readonly retryAfterMs?: number | null;
    readonly requestId?: string;
  },
): Promise<void> {
  const opened = suite.open({ wrap });
  const error = await failureOf(listAll(opened, suite.credentials));
  expect({
    kind: error.kind,
    retryable: error.retryable,
    source: error.source,
    requests: opened.seen.length,
    retryAfterMs: error.retryAfterMs,
    requestId: error.requestId,
  }).toEqual({
    kind: expected.kind,
    retryable: expected.retryable,
    source: suite.definition.platform,
    requests: expected.requests,
    retryAfterMs: expected.retryAfterMs ?? null,
    requestId: expected.requestId ?? null,
  });
}

async function expectSuccess(suite: Suite, wrap: WrapFetch): Promise<void> {
  const opened = suite.open({ wrap });
  expect(toIds(await listAll(opened, suite.credentials))).toHaveLength(12);
}
