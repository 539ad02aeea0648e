import { ImportError } from '../../core/errors.ts';
import { createLogs } from './logs.ts';

interface Entry {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

function createRecorder() {
  const entries: Entry[] = [];
  const write = (level: string) => (message: string, fields: Record<string, unknown>) => {
    entries.push({ level, message, fields });
  };
  const logs = createLogs({
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  });
  return { logs, entries };
}

const job = { jobId: 'j1', customerId: 'c1' };

describe('the engine’s log', () => {
  it('has one entry per event, with its fields as they are', () => {
    const { logs, entries } = createRecorder();
    logs.jobCreated({ ...job, platform: 'grain', estimatedCalls: null });
    logs.callImported({ ...job, callKey: 'k1', durationMs: 12, mediaBytes: 34 });
    logs.callReleased({ ...job, callKey: 'k1', kind: 'timeout', source: 'grain', message: 'late' });
    logs.callFailed({ ...job, callKey: 'k1', kind: 'contract', source: 'grain', message: 'odd' });
    expect(entries).toEqual([
      {
        level: 'info',
        message: 'job created',
        fields: { ...job, platform: 'grain', estimatedCalls: null },
      },
      {
        level: 'debug',
        message: 'call imported',
        fields: { ...job, callKey: 'k1', durationMs: 12, mediaBytes: 34 },
      },
      {
        level: 'warn',
        message: 'call released',
        fields: { ...job, callKey: 'k1', kind: 'timeout', source: 'grain', message: 'late' },
      },
      {
        level: 'error',
        message: 'call failed',
        fields: { ...job, callKey: 'k1', kind: 'contract', source: 'grain', message: 'odd' },
      },
    ]);
  });

  it('tells what broke with its stack, without what looks like a secret', () => {
    const { logs, entries } = createRecorder();
    const inner = new TypeError(
      'GET https://user:canary@x.example/?access_token=canary failed, Authorization: Bearer canary',
    );
    const cause = new ImportError({
      kind: 'unavailable',
      source: 'grain',
      publicMessage: 'The connection to Grain failed.',
      cause: inner,
    });
    logs.taskFailed({ cause });
    logs.requestFailed({ requestId: 'r1', path: '/imports', cause: inner });
    const [task, request] = entries;
    expect(task).toMatchObject({ level: 'error', message: 'task failed' });
    expect(task?.fields['cause']).toMatch(
      /^grain: unavailable: The connection to Grain failed\.; caused by TypeError: GET https:.*\n\s+at /,
    );
    expect(request).toMatchObject({
      level: 'error',
      message: 'request failed',
      fields: { requestId: 'r1', path: '/imports', cause: expect.stringContaining('TypeError') },
    });
    expect(JSON.stringify(entries)).not.toContain('canary');
  });

  it('tells also what was thrown and is no error', () => {
    const { logs, entries } = createRecorder();
    logs.taskFailed({ cause: 'out of tea' });
    expect(entries[0]?.fields).toEqual({ cause: 'out of tea' });
  });
});
