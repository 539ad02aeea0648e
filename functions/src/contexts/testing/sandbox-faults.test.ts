import { z } from 'zod';
import { createGrainSandbox } from '../grain/grain.sandbox.ts';
import { parseFaults } from './sandbox-faults.ts';

const known = { 'late-transcripts': 2, 'expired-links': 1 };

describe('the faults of a sandbox', () => {
  it('are none until they are wanted, and as many as usual or as asked for', () => {
    expect(parseFaults(known, [])).toEqual({ 'late-transcripts': null, 'expired-links': null });
    expect(parseFaults(known, ['late-transcripts', 'expired-links:5'])).toEqual({
      'late-transcripts': 2,
      'expired-links': 5,
    });
  });

  it('are refused when unknown, but where a question mark allows that', () => {
    expect(() => parseFaults(known, ['bad-weather:3'])).toThrow(
      'no fault "bad-weather:3"; known: late-transcripts, expired-links, each with an optional :number',
    );
    expect(parseFaults(known, ['bad-weather:3?', 'late-transcripts:4?'])).toEqual({
      'late-transcripts': 4,
      'expired-links': null,
    });
  });

  it('begin and end as the list of their names changes', () => {
    const names: string[] = [];
    const faults = parseFaults(known, names);
    names.push('expired-links');
    expect(faults['expired-links']).toBe(1);
    names.pop();
    expect(faults['expired-links']).toBeNull();
  });
});

const Page = z.object({
  cursor: z.string().nullable(),
  recordings: z.array(z.object({ id: z.string() })),
});

describe('a sandbox that shows calls again', () => {
  const now = () => new Date('2026-03-02T12:00:00Z');

  async function listAll(repeated: number): Promise<readonly string[]> {
    const sandbox = createGrainSandbox({ calls: 10, seed: 1, pageSize: 4, now });
    let left = repeated;
    sandbox.repeatCalls?.(() => {
      const calls = left;
      left = 0;
      return calls;
    });
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const response = await sandbox.fetch(
        new Request('https://api.grain.com/_/public-api/v2/recordings', {
          method: 'POST',
          headers: {
            authorization: 'Bearer sandbox-key',
            'content-type': 'application/json',
            'public-api-version': '2025-10-31',
          },
          body: JSON.stringify({ cursor }),
        }),
      );
      const page = Page.parse(await response.json());
      ids.push(...page.recordings.map(({ id }) => id));
      ({ cursor } = page);
    } while (cursor !== null);
    return ids;
  }

  it('begins a page earlier than it was asked to, and leaves nothing out', async () => {
    const ids = await listAll(0);
    expect(ids).toHaveLength(10);
    expect(await listAll(3)).toEqual([...ids.slice(0, 4), ...ids.slice(1)]);
    expect(await listAll(9)).toEqual([...ids.slice(0, 4), ...ids]);
  });
});
