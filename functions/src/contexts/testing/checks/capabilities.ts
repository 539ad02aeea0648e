import { Transcript } from '../../../core/imports/source-call.ts';
import type { Check, Opened, Suite } from '../check.ts';
import { failureOf, findCall, listAll, openRange, required, toCalls } from '../check.ts';
import { platformStatuses } from '../../context.ts';

export const capabilityChecks: readonly Check[] = [
  {
    name: 'has the methods of the capabilities that it advertises, and no others',
    run: (suite) => {
      const { context } = suite.open();
      const { transcriptReuse, exactCount } = context.capabilities;
      const hasTranscripts =
        context.getTranscript !== undefined || context.hydrateCalls !== undefined;
      expect(hasTranscripts).toBe(transcriptReuse);
      if (exactCount) expect(context.countCalls).toBeDefined();
      return Promise.resolve();
    },
  },
  {
    name: 'tells a customer how to get credentials, what the limits are, and what it costs',
    run: ({ definition }) => {
      const { listing } = definition;
      expect(platformStatuses).toContain(listing.status);
      expect(listing.limits).toMatch(/\.$/);
      expect(listing.price).toMatch(/\.$/);
      if (definition.auth !== 'none') {
        expect(listing.instructions.length).toBeGreaterThan(1);
        expect(listing.docsUrl).toMatch(/^https:\/\//);
      }
      return Promise.resolve();
    },
  },
  {
    name: 'counts the calls in range as the platform has them',
    run: async (suite) => {
      const opened = suite.open({ calls: 23, pageSize: 5 });
      const count = required(opened.context.countCalls, 'count');
      const all = { dateRange: openRange, filters: {} };
      await expect(count(suite.credentials, all)).resolves.toBe(23);
      const start = required(opened.sandbox.truth()[9], 'tenth call').startedAt;
      const recent = { dateRange: { start, end: null }, filters: {} };
      await expect(count(suite.credentials, recent)).resolves.toBe(10);
    },
  },
  {
    name: 'gives transcripts of the shape that the core asks for, in order, with the original',
    run: async (suite) => {
      const opened = suite.open();
      const { transcript, original } = await transcriptOf(suite, opened);
      expect(Transcript.parse(transcript)).toEqual(transcript);
      expect(transcript.segments.length).toBeGreaterThan(0);
      expect(original).toBeTruthy();
      const starts = transcript.segments.map((segment) => segment.startMs);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      for (const { startMs, endMs } of transcript.segments) {
        expect(endMs).toBeGreaterThanOrEqual(startMs);
      }
    },
  },
  {
    name: 'gives transcript times in milliseconds within the call',
    run: async (suite) => {
      const opened = suite.open();
      const listed = await findCall(suite, opened, (call) => call.hasTranscript && call.hasMedia);
      const { transcript } = await transcriptOf(suite, opened);
      const lastMs = Math.max(...transcript.segments.map((segment) => segment.endMs));
      const durationMs = required(listed.metadata.durationSeconds, 'duration') * 1000;
      expect(lastMs).toBeLessThanOrEqual(durationMs + 1000);
      expect(lastMs).toBeGreaterThan(durationMs / 10);
    },
  },
  {
    name: 'joins transcript speakers to participants where the platform knows them',
    run: async (suite) => {
      const opened = suite.open();
      const listed = await findCall(suite, opened, (call) => call.hasTranscript && call.hasMedia);
      const { transcript } = await transcriptOf(suite, opened);
      const people = listed.metadata.participants.map((participant) => participant.id);
      const speakers = transcript.speakers.map((speaker) => speaker.id);
      expect(speakers.some((id) => people.includes(id))).toBe(true);
      for (const { speakerId } of transcript.segments) expect(speakers).toContain(speakerId);
    },
  },
  {
    name: 'says of a call without a transcript that it has none',
    run: async (suite) => {
      const faults = [required(suite.options.faults.noTranscripts, 'fault noTranscripts')];
      const opened = suite.open({ faults });
      const isOld = (startedAt: Date) => opened.clock.now().getTime() - startedAt.getTime() > dayMs;
      const listed = await findCall(
        suite,
        opened,
        (call) => !call.hasTranscript && isOld(call.startedAt),
      );
      const getTranscript = required(opened.context.getTranscript, 'getTranscript');
      await expect(getTranscript(suite.credentials, listed)).resolves.toBeNull();
    },
  },
  {
    name: 'says of a fresh call whose transcript is late that it is not ready, then gives it',
    run: async (suite) => {
      const faults = [required(suite.options.faults.lateTranscripts, 'fault lateTranscripts')];
      const opened = suite.open({ calls: 0, faults });
      const startedAt = new Date(opened.clock.now().getTime() - 20 * 60_000);
      const record = suite.options.records.whole({ id: 'fresh-2', title: 'Fresh', startedAt });
      opened.sandbox.putRecord(record);
      const listed = required(toCalls(await listAll(opened, suite.credentials))[0], 'fresh call');
      const getTranscript = required(opened.context.getTranscript, 'getTranscript');
      const error = await failureOf(getTranscript(suite.credentials, listed));
      expect(error).toMatchObject({ kind: 'not_ready', retryable: true });
      for (let asked = 0; asked < 10; asked += 1) {
        const transcript = await getTranscript(suite.credentials, listed).catch(() => null);
        if (transcript !== null) return;
      }
      throw new Error('The transcript never came.');
    },
  },
];

const dayMs = 86_400_000;

async function transcriptOf(suite: Suite, opened: Opened) {
  const listed = await findCall(suite, opened, (call) => call.hasTranscript && call.hasMedia);
  const { context } = opened;
  if (context.getTranscript !== undefined) {
    const transcript = await context.getTranscript(suite.credentials, listed);
    return required(transcript, 'transcript');
  }
  const hydrate = required(context.hydrateCalls, 'hydrateCalls');
  const [hydrated] = await hydrate(suite.credentials, [listed]);
  return required(hydrated?.transcript, 'transcript');
}
