import { CallMetadata } from '../../../core/imports/source-call.ts';
import type { Check, Opened, Suite } from '../check.ts';
import { failureOf, listAll, required, toCalls, toIds } from '../check.ts';
import { changingJson, withUnknownFields } from '../fault-fetch.ts';

export const mappingChecks: readonly Check[] = [
  {
    name: 'gives dates as the instants that the platform means',
    run: async (suite) => {
      await expectTruth(
        suite,
        (call) => call.metadata.startedAt,
        (truth) => truth.startedAt,
      );
    },
  },
  {
    name: 'gives durations in seconds',
    run: async (suite) => {
      await expectTruth(
        suite,
        (call) => call.metadata.durationSeconds,
        (truth) => truth.durationSeconds,
      );
    },
  },
  {
    name: 'gives titles as they are',
    run: async (suite) => {
      await expectTruth(
        suite,
        (call) => call.metadata.title,
        (truth) => truth.title,
      );
    },
  },
  {
    name: 'gives metadata of the shape that the core asks for',
    run: async (suite) => {
      const calls = toCalls(await listAll(suite.open(), suite.credentials));
      expect(calls).toHaveLength(12);
      for (const { metadata } of calls) expect(CallMetadata.parse(metadata)).toEqual(metadata);
    },
  },
  {
    name: 'leaves unknown what the platform does not say',
    run: async (suite) => {
      const opened = suite.open({ calls: 0 });
      const startedAt = new Date('2025-11-03T09:00:00Z');
      opened.sandbox.putRecord(suite.options.records.sparse({ id: 'sparse-1', startedAt }));
      const [call] = toCalls(await listAll(opened, suite.credentials));
      expect(call).toMatchObject({
        sourceCallId: suite.options.sourceCallIdOf?.('sparse-1') ?? 'sparse-1',
        metadata: { startedAt, title: null, durationSeconds: null, summary: null },
      });
      expect(call?.metadata.participants).toEqual([]);
    },
  },
  {
    name: 'ignores fields that it does not know',
    run: async (suite) => {
      const list = async (opened: Opened) => {
        const calls = toCalls(await listAll(opened, suite.credentials));
        // A transcript that comes with the listing keeps them, in its original.
        return calls.map(({ sourceCallId, metadata, hint }) => ({ sourceCallId, metadata, hint }));
      };
      const opened = suite.open({ wrap: changingJson(withUnknownFields) });
      expect(await list(opened)).toEqual(await list(suite.open()));
    },
  },
  {
    name: 'reports a missing required field as a broken contract and names platform and path',
    run: async (suite) => {
      const { missingField, missingPath } = suite.options.tamper;
      const opened = suite.open({ wrap: changingJson((json) => missingField(json)) });
      const error = await failureOf(listAll(opened, suite.credentials));
      expect(error).toMatchObject({
        kind: 'contract',
        retryable: false,
        source: suite.definition.platform,
      });
      expect(error.publicMessage).toContain(suite.definition.displayName);
      expect(error.publicMessage).toContain(missingPath);
    },
  },
  {
    name: 'sets one bad record aside and goes on with its page',
    run: async (suite) => {
      const opened = suite.open();
      const good = toIds(await listAll(opened, suite.credentials));
      const startedAt = new Date(opened.clock.now().getTime() - 60_000);
      opened.sandbox.putRecord(suite.options.records.broken({ id: 'broken-1', startedAt }));
      const pages = await listAll(opened, suite.credentials);
      expect(toIds(pages).toSorted()).toEqual(good.toSorted());
      expect(pages.flatMap((page) => page.rejected ?? [])).toEqual([
        { sourceCallId: 'broken-1', reason: expect.stringMatching(/\[\d+\](?:\.\w+)+: \w+/) },
      ]);
    },
  },
  {
    name: 'keeps unicode and very long titles',
    run: async (suite) => {
      const titles = [
        'Müller & Søn — 商談 📞 «демо»',
        'שיחת מכירה 👩‍👩‍👧‍👦',
        'A title that goes on. '.repeat(300).trim(),
      ];
      const opened = suite.open({ calls: 0 });
      for (const [index, title] of titles.entries()) {
        const startedAt = new Date(Date.UTC(2025, 10, 10 - index));
        const record = suite.options.records.whole({
          id: `title-${String(index)}`,
          title,
          startedAt,
        });
        opened.sandbox.putRecord(record);
      }
      const calls = toCalls(await listAll(opened, suite.credentials));
      expect(calls.map((call) => call.metadata.title).toSorted()).toEqual(titles.toSorted());
    },
  },
];

/** Compares one fact of every listed call with the sandbox's truth. */
async function expectTruth(
  suite: Suite,
  ofCall: (call: ReturnType<typeof toCalls>[number]) => unknown,
  ofTruth: (truth: ReturnType<Opened['sandbox']['truth']>[number]) => unknown,
): Promise<void> {
  const opened = suite.open({ calls: 30, pageSize: 30 });
  const calls = toCalls(await listAll(opened, suite.credentials));
  expect(calls).toHaveLength(30);
  for (const truth of opened.sandbox.truth()) {
    const call = calls.find((each) => each.sourceCallId === truth.sourceCallId);
    expect(ofCall(required(call, 'listed call of that id'))).toEqual(ofTruth(truth));
  }
}
