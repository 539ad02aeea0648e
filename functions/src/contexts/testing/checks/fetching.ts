import { createHash } from 'node:crypto';
import { CallMetadata } from '../../../core/imports/source-call.ts';
import type { Check } from '../check.ts';
import { failureOf, findCall, listAll, readAll, required, toCalls } from '../check.ts';
import { answering, status } from '../fault-fetch.ts';
import type { WrapFetch } from '../fault-fetch.ts';

export const fetchingChecks: readonly Check[] = [
  {
    name: 'fetches metadata that agrees with the listing',
    run: async (suite) => {
      const opened = suite.open();
      const listed = await findCall(suite, opened, (call) => call.hasMedia);
      const { metadata } = await opened.context.fetchCall(suite.credentials, listed);
      expect(CallMetadata.parse(metadata)).toEqual(metadata);
      expect(metadata).toMatchObject({
        title: listed.metadata.title,
        startedAt: listed.metadata.startedAt,
      });
    },
  },
  {
    name: 'opens a recording as a stream with its type and exactly its bytes',
    run: async (suite) => {
      const opened = suite.open();
      const listed = await findCall(suite, opened, (call) => call.hasMedia);
      const truth = opened.sandbox
        .truth()
        .find((call) => call.sourceCallId === listed.sourceCallId);
      const { media } = await opened.context.fetchCall(suite.credentials, listed);
      const source = required(media, 'media source');
      const stream = await opened.context.openMedia(suite.credentials, source);
      const bytes = await readAll(stream.body);
      expect(stream.contentType).toMatch(/^(?:audio|video)\/\w+|^application\/octet-stream/);
      expect(stream.sizeBytes).toBe(bytes.byteLength);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(truth?.mediaSha256);
    },
  },
  {
    name: 'says of a call without a recording that it has none',
    run: async (suite) => {
      const opened = suite.open({ calls: 60, pageSize: 60 });
      const listed = await findCall(suite, opened, (call) => !call.hasMedia);
      const { media } = await opened.context.fetchCall(suite.credentials, listed);
      expect(media).toBeNull();
    },
  },
  {
    name: 'encodes odd ids in paths',
    run: async (suite) => {
      const opened = suite.open({ calls: 0 });
      const id = 'a/b?c=d#é %2F..\\';
      const startedAt = new Date('2025-11-03T09:00:00Z');
      const record = suite.options.records.whole({ id, title: 'Odd', startedAt });
      opened.sandbox.putRecord(record);
      const listed = required(toCalls(await listAll(opened, suite.credentials))[0], 'odd call');
      expect(listed.sourceCallId).toBe(suite.options.sourceCallIdOf?.(id) ?? id);
      const { media } = await opened.context.fetchCall(suite.credentials, listed);
      const stream = await opened.context.openMedia(
        suite.credentials,
        required(media, 'media source'),
      );
      expect((await readAll(stream.body)).byteLength).toBe(stream.sizeBytes);
    },
  },
  {
    name: 'lets no id climb out of its path',
    run: async (suite) => {
      const opened = suite.open();
      const listed = await findCall(suite, opened, (call) => call.hasMedia);
      const sent = opened.seen.length;
      for (const sourceCallId of ['..', '.', '']) {
        const fetching = opened.context
          .fetchCall(suite.credentials, { ...listed, sourceCallId })
          .then(({ media }) =>
            opened.context.openMedia(suite.credentials, required(media, 'media source')),
          );
        expect((await failureOf(fetching)).kind).toBe('contract');
      }
      expect(opened.seen).toHaveLength(sent);
    },
  },
  {
    name: 'reports a call that has vanished as not found',
    run: async (suite) => {
      const opened = suite.open();
      const listed = await findCall(
        suite,
        opened,
        (call) => call.hasMedia && ageMs(call.startedAt, opened.clock.now()) > dayMs,
      );
      opened.sandbox.removeCall(listed.sourceCallId);
      const fetching = opened.context
        .fetchCall(suite.credentials, listed)
        .then(({ media }) =>
          opened.context.openMedia(suite.credentials, required(media, 'media source')),
        );
      expect(await failureOf(fetching)).toMatchObject({
        kind: 'not_found',
        retryable: false,
        source: suite.definition.platform,
      });
    },
  },
  {
    name: 'reports a recording that is still processed as not ready',
    run: async (suite) => {
      const listing = { isOver: false };
      const opened = suite.open({ calls: 0, wrap: missingOnce(listing) });
      const startedAt = new Date(opened.clock.now().getTime() - 10 * 60_000);
      const record = suite.options.records.whole({ id: 'fresh-1', title: 'Fresh', startedAt });
      opened.sandbox.putRecord(record);
      const listed = required(toCalls(await listAll(opened, suite.credentials))[0], 'fresh call');
      listing.isOver = true;
      const fetching = opened.context
        .fetchCall(suite.credentials, listed)
        .then(({ media }) =>
          opened.context.openMedia(suite.credentials, required(media, 'media source')),
        );
      expect(await failureOf(fetching)).toMatchObject({ kind: 'not_ready', retryable: true });
    },
  },
];

const dayMs = 86_400_000;

function ageMs(startedAt: Date, now: Date): number {
  return now.getTime() - startedAt.getTime();
}

/** Answers 404 to everything once the listing is over. */
function missingOnce(listing: { readonly isOver: boolean }): WrapFetch {
  return (platform) => {
    const missing = answering(status(404))(platform);
    return (url, init) => (listing.isOver ? missing(url, init) : platform(url, init));
  };
}
