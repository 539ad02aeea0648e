import { toCallTask } from './call-task.ts';

describe('toCallTask', () => {
  it('carries ids and nothing else', () => {
    const runAt = new Date('2026-03-02T12:00:00Z');
    const target = { jobId: 'job-1', callKey: 'call-1', title: 'Renewal with Acme' };

    expect(toCallTask(target, 'call-call-1-e3', runAt)).toStrictEqual({
      queue: 'processCall',
      name: 'call-call-1-e3',
      payload: { jobId: 'job-1', callKey: 'call-1' },
      runAt,
    });
  });

  it('runs at once without a time', () => {
    expect(toCallTask({ jobId: 'job-1', callKey: 'call-1' }, 'again', null).runAt).toBeNull();
  });
});
