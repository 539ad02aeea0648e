import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ContextEnvironment } from '../../src/contexts/context.ts';
import { findSpokenText } from '../../src/contexts/testing/audio/clips.ts';
import { definedContexts } from '../../src/contexts/registry.ts';
import { sandboxOAuthApp } from '../../src/contexts/testing/sandbox-tokens.ts';
import { sandboxes } from '../../src/contexts/testing/sandboxes.ts';
import type { Platform } from '../../src/core/imports/import-context.ts';
import type { Clock, CreateId, ObjectStore } from '../../src/core/ports.ts';
import { probeMedia } from '../../src/kit/media-probe.ts';
import { readBytes } from '../../src/kit/object-bytes.ts';
import { serveSandbox, type PlatformSandbox } from '../../src/kit/sandbox.ts';
import {
  createSpeechSandbox,
  type Recognition,
  type SpeechSandbox,
} from '../sandboxes/speech/speech-sandbox.ts';

export interface SandboxChoice {
  readonly calls: number;
  readonly seed: number;
  readonly faults: readonly string[];
  /** The key that it accepts; default: the sandbox's own. */
  readonly credentials?: { readonly apiKey: string };
}

export interface RunningSandbox {
  readonly platform: Platform;
  readonly origin: string;
  readonly sandbox: PlatformSandbox;
  /** What a context needs to reach it in place of the platform. */
  readonly environment: Partial<ContextEnvironment>;
  close(): Promise<void>;
}

const Birth = z.object({ createdAt: z.coerce.date() });

/** Serves a platform's sandbox on a port of its own; its account stays the same from run to run. */
export async function startSandbox(options: {
  readonly platform: Platform;
  readonly choice: SandboxChoice;
  readonly folder: string;
  readonly clock: Clock;
}): Promise<RunningSandbox | null> {
  const { platform, choice, clock } = options;
  const create = sandboxes[platform];
  if (!create) return null;
  const createdAt = await readBirth(options.folder, clock);
  const sandbox = create({ ...choice, createdAt, now: () => clock.now() });
  const served = await serveSandbox(sandbox, { port: 0 });
  const environment = sandboxEnvironment(served.origin, platform);
  return {
    platform,
    sandbox,
    origin: served.origin,
    environment,
    close: () => served.close(),
  };
}

/** What a context needs to reach the sandbox at `origin`, which keeps the path of the real API's base URL. */
export function sandboxEnvironment(
  origin: string,
  platform: Platform,
): Partial<ContextEnvironment> {
  const { port } = new URL(origin);
  const allowedOrigins = [origin, `http://localhost:${port}`];
  const { baseUrl } = definedContexts.find((context) => context.platform === platform) ?? {};
  const { pathname } = new URL(baseUrl ?? origin);
  return { allowedOrigins, baseUrl: `${origin}${pathname}`, oauthApp: sandboxOAuthApp };
}

async function readBirth(folder: string, clock: Clock): Promise<Date> {
  const path = join(folder, 'sandbox.json');
  try {
    return Birth.parse(JSON.parse(await readFile(path, 'utf8'))).createdAt;
  } catch {
    const createdAt = clock.now();
    await writeFile(path, JSON.stringify({ createdAt }));
    return createdAt;
  }
}

const leadBytes = 16 * 1024;

/** Speech-to-text in a sandbox that knows the sandboxes' own recordings and says so of others. */
export function createSpeech(options: {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly createId: CreateId;
}): SpeechSandbox {
  const { objects, clock, createId } = options;
  return createSpeechSandbox({
    now: () => clock.now(),
    createId,
    pendingMs: 300,
    recognise: (uri) => recognise(objects, new URL(uri).pathname.slice(1)),
  });
}

async function recognise(objects: ObjectStore, key: string): Promise<Recognition> {
  const stored = await objects.find(key);
  const sizeBytes = stored?.sizeBytes ?? 0;
  const read = (start: number, end: number) => readBytes(objects, key, { start, end });
  const lead = await read(0, Math.min(leadBytes, sizeBytes));
  const { durationSeconds } = await probeMedia({ sizeBytes, read });
  const spoken = findSpokenText(lead);
  const utterances = spoken?.map((line) => ({ ...line, speaker: String(line.speaker + 1) }));
  return { durationSeconds: durationSeconds ?? 0, utterances: utterances ?? null };
}
