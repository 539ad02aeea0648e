import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogs } from '../../src/gcp/logging/logs.ts';

/** The names of all events that are written as errors. */
function errorEvents(): string[] {
  const errors: string[] = [];
  const ignore = () => undefined;
  const logs = createLogs({
    ...{ debug: ignore, info: ignore, warn: ignore },
    error: (message) => errors.push(message),
  });
  const event = { cause: new Error('any') };
  // An event's fields do not matter here.
  for (const write of Object.values({ ...logs })) write(event as never);
  return errors;
}

describe('docs/runbook.md', () => {
  const page = readFileSync(join(__dirname, '../../../docs/runbook.md'), 'utf8');
  const [, log = ''] = page.split('## The log');

  it('says of every event that is logged as an error what to do', () => {
    const events = errorEvents();
    expect(events.length).toBeGreaterThan(8);
    expect(events.filter((event) => !log.includes(`\`${event}\``))).toEqual([]);
  });
});
