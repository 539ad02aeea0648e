import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { platforms } from '../core/imports/import-context.ts';
import { ImportError } from '../core/errors.ts';
import {
  createContexts,
  definedContexts,
  platformRows,
  resolvePlatform,
  toPlatformTableRow,
} from './registry.ts';
import { createFakeClock } from './testing/fake-clock.ts';

const here = __dirname;
const docs = join(here, '../../../docs/platforms');
const folders = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'testing')
  .map((entry) => entry.name);

/** In all files of an adapter together, as docs/decisions/0016-what-an-adapter-holds.md has it. */
const maxCodeLines = 300;
/** Files that were uploaded to us have no API to map: their adapter is the store of uploads itself. */
const adapters = folders.filter((folder) => folder !== 'manual');

/** Lines without tests and sandbox, blank ones, comments and imports. */
function countCodeLines(folder: string): number {
  const files = readdirSync(join(here, folder)).filter(
    (file) => file.endsWith('.ts') && !/\.test\.ts$|\.sandbox/.test(file),
  );
  const text = files.map((file) => readFileSync(join(here, folder, file), 'utf8')).join('');
  const code = text
    .replace(/^import [\s\S]*?;$/gm, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  return code.split('\n').filter((line) => line.trim() !== '').length;
}

describe('each platform folder', () => {
  it('exists at all', () => {
    expect(folders).toContain('grain');
  });

  it.each(folders)('%s has its line in the registry', (folder) => {
    expect(definedContexts.map((context) => toFolder(context.platform))).toContain(folder);
  });

  it.each(folders)('%s has a contract test', (folder) => {
    const text = readFileSync(join(here, folder, `${folder}.test.ts`), 'utf8');
    expect(text).toMatch(/\btestContext\(/);
  });

  it.each(folders)('%s has a sandbox', (folder) => {
    expect(existsSync(join(here, folder, `${folder}.sandbox.ts`))).toBe(true);
  });

  it.each(adapters)('%s is small enough to be no more than a mapping', (folder) => {
    const lines = countCodeLines(folder);
    expect(lines).toBeGreaterThan(50);
    expect(lines).toBeLessThanOrEqual(maxCodeLines);
  });

  it.each(folders)('%s has a page with its row as the registry has it', (folder) => {
    const row = platformRows().find(({ platform }) => toFolder(platform) === folder);
    const page = readFileSync(join(docs, `${folder}.md`), 'utf8');
    expect(row).toBeDefined();
    if (row !== undefined) expect(withSingleSpaces(page)).toContain(toPlatformTableRow(row));
  });
});

afterAll(() => {
  const counts = adapters.map((folder) => `${folder} ${String(countCodeLines(folder))}`);
  process.stdout.write(`Counted: lines of code of adapters: ${counts.join(', ')}\n`);
});

describe('platformRows', () => {
  it('has a row for every platform, in the order of the core', () => {
    expect(platformRows().map((row) => row.platform)).toEqual([...platforms]);
  });

  it('says of a platform without a context that it is coming', () => {
    expect(platformRows().find((row) => row.platform === 'five9')).toEqual({
      platform: 'five9',
      displayName: 'Five9',
      status: 'coming_soon',
      provenBy: null,
      auth: null,
      capabilities: null,
      rateLimits: null,
      limits: null,
      price: null,
      credentials: [],
      filters: [],
      instructions: [],
      scopes: [],
      docsUrl: null,
    });
  });

  it('describes what a customer fills in, from the schema', () => {
    const grain = platformRows().find((row) => row.platform === 'grain');
    expect(grain?.credentials).toEqual([
      {
        name: 'apiKey',
        title: 'Workspace access token',
        description: 'From Grain, Settings, Integrations, API: it sees every recording.',
        required: true,
        secret: true,
      },
    ]);
    expect(
      grain?.filters.map(({ name, required, secret }) => ({ name, required, secret })),
    ).toEqual([
      { name: 'participantScope', required: false, secret: false },
      { name: 'titleSearch', required: false, secret: false },
      { name: 'team', required: false, secret: false },
      { name: 'meetingType', required: false, secret: false },
    ]);
  });

  describe.each(platformRows().filter((row) => row.auth !== null))('of $platform', (row) => {
    it('says in whole sentences what support and customers ask first', () => {
      for (const text of [row.limits, row.price, ...row.instructions]) {
        expect(text).toMatch(/^[\p{Lu}\d].*[.]$/u);
      }
    });

    it('says how far it is proven: only a platform that was really asked is supported', () => {
      const isProven = row.provenBy === 'live' || row.auth === 'none';
      expect(row.status === 'supported').toBe(isProven);
    });

    it('says of each credential what it is called and where it is found', () => {
      expect(row.credentials).not.toEqual([]);
      for (const field of row.credentials) {
        expect(field.title).not.toBe(field.name);
        expect(field.description).toMatch(/\.$/);
      }
      for (const field of row.filters) expect(field.description).toMatch(/\.$/);
    });
  });

  it('writes a table row', () => {
    const row = platformRows().find(({ platform }) => platform === 'grain');
    expect(row === undefined ? '' : toPlatformTableRow(row)).toBe(
      '| Grain (`grain`) | beta | sandbox | API key | history, transcripts | 300 requests a minute for each workspace; no daily limit is documented. | Nothing besides the Grain plan; which plans have the API is not documented. |',
    );
  });
});

describe('resolvePlatform', () => {
  it.each([
    ['FIVE29', 'five9'],
    ['five9', 'five9'],
    ['Zoom Phone', 'zoom_phone'],
    ['zoho-meeting', 'zoho_meeting'],
    [' GRAIN ', 'grain'],
  ])('takes %p for %s', (name, platform) => {
    expect(resolvePlatform(name)).toBe(platform);
  });

  it.each(['', 'five', 'constructor', '__proto__'])('knows no platform %p', (name) => {
    expect(resolvePlatform(name)).toBeNull();
  });
});

describe('createContexts', () => {
  const clock = createFakeClock();
  const environment = { clock, sleep: clock.sleep, random: () => 0.5 };

  it('creates a context when it is asked for, once', () => {
    const asked: string[] = [];
    const find = createContexts((platform) => {
      asked.push(platform);
      return environment;
    });
    expect(asked).toEqual([]);
    expect(find('grain')?.displayName).toBe('Grain');
    expect(find('grain')).toBe(find('grain'));
    expect(asked).toEqual(['grain']);
  });

  it('has none for a platform that is coming', () => {
    expect(createContexts(() => environment)('five9')).toBeNull();
  });

  it('refuses a base URL that is not https, unless its origin is allowed', () => {
    const baseUrl = 'http://127.0.0.1:4001/api';
    const open = createContexts(() => ({ ...environment, baseUrl }));
    expect(() => open('grain')).toThrow(ImportError);
    const allowedOrigins = ['http://127.0.0.1:4001'];
    const allowed = createContexts(() => ({ ...environment, baseUrl, allowedOrigins }));
    expect(allowed('grain')?.platform).toBe('grain');
  });
});

function toFolder(platform: string): string {
  return platform.replaceAll('_', '-');
}

/** The formatter aligns the columns of tables. */
function withSingleSpaces(text: string): string {
  return text.replaceAll(/ {2,}/g, ' ');
}
