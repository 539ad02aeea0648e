import type { Check } from '../check.ts';
import { failureOf, listAll, openRange, required, toIds } from '../check.ts';
import { changingJson } from '../fault-fetch.ts';

export const listingChecks: readonly Check[] = [
  {
    name: 'lists every call once across pages',
    run: async (suite) => {
      const opened = suite.open({ calls: 23, pageSize: 5 });
      const ids = toIds(await listAll(opened, suite.credentials));
      expect(ids).toHaveLength(23);
      expect(ids.toSorted()).toEqual(idsOf(opened).toSorted());
    },
  },
  {
    name: 'hands on at most 200 calls at a time, however many the platform sends',
    run: async (suite) => {
      const opened = suite.open({ calls: 450, pageSize: 450 });
      const pages = await listAll(opened, suite.credentials);
      expect(Math.max(...pages.map((page) => page.calls.length))).toBe(200);
      expect(toIds(pages).toSorted()).toEqual(idsOf(opened).toSorted());
    },
  },
  {
    name: 'asks for one page at a time and stops when the consumer stops',
    run: async (suite) => {
      const opened = suite.open({ calls: 40, pageSize: 5 });
      const whole = suite.open({ calls: 40, pageSize: 5 });
      await listAll(whole, suite.credentials);
      const options = { dateRange: openRange, filters: {}, cursor: null };
      for await (const page of opened.context.listCalls(suite.credentials, options)) {
        expect(page.calls).toHaveLength(5);
        break;
      }
      expect(opened.seen.length).toBeLessThanOrEqual(whole.seen.length - 7);
    },
  },
  {
    name: 'includes a call at the start of the range',
    run: async (suite) => {
      const opened = suite.open();
      const call = required(opened.sandbox.truth()[4], 'fifth call');
      const start = call.startedAt;
      const dateRange = { start, end: new Date(start.getTime() + 1) };
      const pages = await listAll(opened, suite.credentials, { dateRange });
      expect(toIds(pages)).toEqual([call.sourceCallId]);
    },
  },
  {
    name: 'excludes a call at the end of the range',
    run: async (suite) => {
      const opened = suite.open();
      const call = required(opened.sandbox.truth()[4], 'fifth call');
      const start = new Date(call.startedAt.getTime() - 1);
      const dateRange = { start, end: call.startedAt };
      expect(toIds(await listAll(opened, suite.credentials, { dateRange }))).toEqual([]);
    },
  },
  {
    name: 'lists a range open at one end',
    run: async (suite) => {
      const opened = suite.open();
      const middle = required(opened.sandbox.truth()[6], 'seventh call').startedAt;
      const before = { start: null, end: middle };
      const since = { start: middle, end: null };
      const older = toIds(await listAll(opened, suite.credentials, { dateRange: before }));
      const newer = toIds(await listAll(opened, suite.credentials, { dateRange: since }));
      expect(older.length).toBeGreaterThan(0);
      expect(newer.length).toBeGreaterThan(0);
      expect([...older, ...newer].toSorted()).toEqual(idsOf(opened).toSorted());
    },
  },
  {
    name: 'goes on after an empty page with a cursor',
    run: async (suite) => {
      const wrap = changingJson((json) => suite.options.tamper.emptyPage(json), 1);
      const opened = suite.open({ calls: 12, pageSize: 5, wrap });
      expect(toIds(await listAll(opened, suite.credentials))).toHaveLength(7);
    },
  },
  {
    name: 'reports a repeated cursor as a broken contract',
    run: async (suite) => {
      const faults = [required(suite.options.faults.repeatedCursor, 'fault repeatedCursor')];
      const opened = suite.open({ calls: 12, pageSize: 5, faults });
      const error = await failureOf(listAll(opened, suite.credentials));
      expect(error).toMatchObject({
        kind: 'contract',
        retryable: false,
        source: suite.definition.platform,
      });
      expect(opened.seen.length).toBeLessThan(6);
    },
  },
  {
    name: 'yields no call of an empty account',
    run: async (suite) => {
      const pages = await listAll(suite.open({ calls: 0 }), suite.credentials);
      expect(toIds(pages)).toEqual([]);
      expect(pages.at(-1)?.nextCursor ?? null).toBeNull();
    },
  },
  {
    name: 'resumes from every cursor without loss or repetition',
    run: async (suite) => {
      const opened = suite.open({ calls: 23, pageSize: 5 });
      const pages = await listAll(opened, suite.credentials);
      expect(pages.length).toBeGreaterThan(2);
      for (const [index, { nextCursor }] of pages.entries()) {
        if (nextCursor === null) continue;
        const rest = await listAll(opened, suite.credentials, { cursor: nextCursor });
        expect([...toIds(pages.slice(0, index + 1)), ...toIds(rest)]).toEqual(toIds(pages));
      }
    },
  },
  {
    name: 'resumes in the middle of a large page, in another process',
    run: async (suite) => {
      const options = { calls: 450, pageSize: 450 };
      const [first] = await listAll(suite.open(options), suite.credentials);
      const cursor = required(first?.nextCursor, 'cursor after a slice');
      const opened = suite.open(options);
      const rest = await listAll(opened, suite.credentials, { cursor });
      const ids = [...toIds(first === undefined ? [] : [first]), ...toIds(rest)];
      expect(ids.toSorted()).toEqual(idsOf(opened).toSorted());
    },
  },
  {
    name: 'refuses a cursor that it did not give',
    run: async (suite) => {
      const opened = suite.open();
      const error = await failureOf(listAll(opened, suite.credentials, { cursor: '§nonsense' }));
      expect(error.kind).toBe('bad_request');
    },
  },
  {
    name: 'refuses an unknown filter and names those that it takes',
    run: async (suite) => {
      const { context } = suite.open();
      const input = { moonPhase: 'full' };
      const error = await failureOf(Promise.resolve().then(() => context.parseFilters(input)));
      expect(error.kind).toBe('bad_request');
      expect(error.publicMessage).toContain('moonPhase');
      for (const name of Object.keys(suite.definition.filters.shape)) {
        expect(error.publicMessage).toContain(name);
      }
    },
  },
  {
    name: 'stops when it is aborted',
    run: async (suite) => {
      const opened = suite.open({ calls: 23, pageSize: 5 });
      const controller = new AbortController();
      const options = { dateRange: openRange, filters: {}, cursor: null };
      const pages = opened.context.listCalls(suite.credentials, options, controller.signal);
      await pages.next();
      const sent = opened.seen.length;
      controller.abort();
      const error = await failureOf(pages.next());
      expect(error.kind).toBe('timeout');
      expect(opened.seen).toHaveLength(sent);
    },
  },
];

function idsOf({
  sandbox,
}: {
  readonly sandbox: { truth(): readonly { sourceCallId: string }[] };
}) {
  return sandbox.truth().map((call) => call.sourceCallId);
}
