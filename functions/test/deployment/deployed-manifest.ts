import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../../..');
const packages = path.join(root, 'node_modules');
const compiler = path.join(packages, 'typescript7/bin/tsc');

const Manifest = z.object({
  specVersion: z.literal('v1alpha1'),
  endpoints: z.record(z.string(), z.record(z.string(), z.unknown())),
  params: z.array(z.record(z.string(), z.unknown())).optional(),
  requiredAPIs: z.array(z.object({ api: z.string(), reason: z.string() })).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** Compiles this repository's functions and returns what Firebase would deploy of them. */
export async function buildManifest(): Promise<Manifest> {
  const folder = await mkdtemp(path.join(tmpdir(), 'deployed-'));
  try {
    await cp(path.join(root, 'functions/package.json'), path.join(folder, 'package.json'));
    await compile(path.join(folder, 'lib'));
    return await readManifest(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compile(outDir: string): Promise<void> {
  const args = [compiler, '-p', 'functions/tsconfig.build.json', '--outDir', outDir];
  await promisify(execFile)(process.execPath, args, { cwd: root }).catch((error: unknown) => {
    // The compiler prints what is wrong to stdout, which is not in the error's message.
    const { stdout } = z.object({ stdout: z.string() }).parse(error);
    throw new Error(stdout, { cause: error });
  });
}

/**
 * Asks firebase-functions, as the Firebase CLI does, what the package in `folder` deploys. Gives it
 * this repository's installed packages.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const output = path.join(folder, 'functions.json');
  await symlink(packages, path.join(folder, 'node_modules'));
  await promisify(execFile)(process.execPath, [path.join(packages, '.bin/firebase-functions')], {
    // It takes the package in the working directory.
    cwd: folder,
    env: {
      FUNCTIONS_MANIFEST_OUTPUT_PATH: output,
      GCLOUD_PROJECT: 'demo-deployment',
      PATH: process.env['PATH'] ?? '',
    },
  });
  return Manifest.parse(JSON.parse(await readFile(output, 'utf8')));
}
