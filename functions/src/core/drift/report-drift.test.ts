import { ImportError } from '../errors.ts';
import type { Logs } from '../logs.ts';
import type { ChatMessage, Messenger } from '../ports.ts';
import { toDriftId, type PlatformDrift } from './platform-drift.ts';
import { createDriftReporter, type StoredDrift } from './report-drift.ts';

const drift: PlatformDrift = {
  platform: 'gong',
  place: 'calls',
  changes: [{ path: 'metaData.started', wanted: 'datetime', got: 'missing' }],
  sample: '{ metaData: { id: text(19) } }',
};
const now = new Date('2026-03-02T12:00:00Z');
const message: ChatMessage = { text: 'Gong has changed.', blocks: [] };
const failed = (kind: ImportError['kind']) =>
  new ImportError({ kind, source: 'slack', publicMessage: `It is ${kind}.` });

/** One channel and one store; each reporter is another instance. */
function createWorld(options: { readonly hasChannel?: boolean } = {}) {
  const stored = new Map<string, StoredDrift>();
  const posts: unknown[] = [];
  const events: unknown[] = [];
  const faults: { post: Error | null; create: Error | null } = { post: null, create: null };
  let posted: string | null = null;
  const messenger: Messenger = {
    post: async (content) => {
      posts.push(content);
      if (faults.post !== null) throw faults.post;
      posted = content.reference;
      return { channelId: 'C1', messageId: '1' };
    },
    edit: async () => undefined,
    findPosted: async (reference) =>
      posted === reference ? { channelId: 'C1', messageId: '1' } : null,
  };
  const logs: Pick<Logs, 'platformDrifted' | 'driftNotReported'> = {
    platformDrifted: (event) => events.push(['platformDrifted', event]),
    driftNotReported: (event) => events.push(['driftNotReported', event]),
  };
  const open = () =>
    createDriftReporter({
      ...{ clock: { now: () => now }, logs, render: () => message },
      messenger: async () => (options.hasChannel === false ? null : messenger),
      drifts: {
        create: async (each) => {
          if (faults.create !== null) throw faults.create;
          if (stored.has(each.id)) return false;
          stored.set(each.id, each);
          return true;
        },
        remove: async (id) => {
          stored.delete(id);
        },
      },
    });
  return { open, stored, posts, events, faults };
}

const id = toDriftId(drift);
const told = ['platformDrifted', { driftId: id, ...drift }];

describe('a drift', () => {
  it('is told of once, over any number of records and instances, and kept for 30 days', async () => {
    const { open, stored, posts, events } = createWorld();
    const report = open();
    await report(drift);
    await report({ ...drift, sample: '{}' });
    await open()(drift);
    expect(posts).toEqual([{ ...message, threadId: null, reference: `drift:${id}` }]);
    expect(events).toEqual([told]);
    const expiresAt = new Date('2026-04-01T12:00:00Z');
    expect([...stored.values()]).toEqual([{ id, ...drift, seenAt: now, expiresAt }]);
  });

  it('is another one for another platform, place, field or type', () => {
    const [change] = drift.changes;
    const others: PlatformDrift[] = [
      { ...drift, platform: 'grain' },
      { ...drift, place: 'recordings' },
      { ...drift, changes: [{ ...change, path: 'metaData.id', wanted: 'string', got: 'null' }] },
      { ...drift, changes: [{ path: 'metaData.started', wanted: 'datetime', got: 'null' }] },
    ];
    expect(new Set([drift, ...others].map(toDriftId)).size).toBe(5);
    expect(toDriftId({ ...drift, sample: 'other' })).toBe(id);
  });

  it('is logged where there is no channel', async () => {
    const { open, events } = createWorld({ hasChannel: false });
    await open()(drift);
    expect(events).toEqual([told]);
  });

  it('whose message was refused is told of by the next instance, not by this one', async () => {
    const { open, stored, posts, events, faults } = createWorld();
    faults.post = failed('rate_limited');
    const report = open();
    await report(drift);
    await report(drift);
    expect(posts).toHaveLength(1);
    expect(stored.size).toBe(0);
    expect(events[1]).toEqual([
      'driftNotReported',
      { driftId: id, kind: 'rate_limited', message: 'It is rate_limited.' },
    ]);
    faults.post = null;
    await open()(drift);
    expect(posts).toHaveLength(2);
    expect(stored.size).toBe(1);
  });

  it('is not posted again where the message is there and only its answer was lost', async () => {
    const { open, stored, posts } = createWorld();
    await open()(drift);
    stored.clear();
    await open()(drift);
    expect(posts).toHaveLength(1);
  });

  it('that can’t be stored fails nothing but itself', async () => {
    const { open, posts, events, faults } = createWorld();
    faults.create = failed('unavailable');
    await expect(open()(drift)).resolves.toBeUndefined();
    expect(posts).toEqual([]);
    expect(events).toEqual([
      ['driftNotReported', { driftId: id, kind: 'unavailable', message: 'It is unavailable.' }],
    ]);
  });

  it('is one of at most fifty that an instance tells of', async () => {
    const { open, posts } = createWorld();
    const report = open();
    for (let count = 0; count < 60; count += 1) {
      await report({ ...drift, place: `calls of ${count}` });
    }
    expect(posts).toHaveLength(50);
  });
});
