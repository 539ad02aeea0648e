import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const { packages } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        resolved: z.string().optional(),
        optionalDependencies: z.record(z.string(), z.string()).optional(),
      }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(path.resolve(import.meta.dirname, '../../../package-lock.json'), 'utf8'),
    ),
  );

describe('package-lock.json', () => {
  it('names no registry, so that packages can come from any', () => {
    const resolved = Object.values(packages).flatMap((entry) => entry.resolved ?? []);

    expect(resolved).toEqual(['functions']);
  });

  it('has every optional package, as npm ci refuses it otherwise (run complete-lockfile)', () => {
    const missing = Object.entries(packages).flatMap(([location, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).filter(
        (name) =>
          !packages[`node_modules/${name}`] && !packages[`${location}/node_modules/${name}`],
      ),
    );

    expect(missing).toEqual([]);
  });
});
