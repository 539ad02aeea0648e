import { createHash } from 'node:crypto';
import type { PlatformSandbox, SandboxCall, SandboxOptions } from '../../kit/sandbox.ts';
import { toBatchKey, toUploadKey } from './manual.keys.ts';
import { createSandboxObjects } from './manual.sandbox-objects.ts';
import type { SandboxObjects } from './manual.sandbox-objects.ts';

const customerId = 'sandbox-customer';
const batchId = 'sandbox-batch';
/** Between one recording and the next. */
const stepMs = 7 * 3_600_000;

/** What a context on this sandbox is given as its store. */
export interface ManualSandbox extends PlatformSandbox {
  readonly objects: SandboxObjects;
}

/** The credentials of the sandbox's only batch. */
export const manualSandboxCredentials = { batchKey: toBatchKey({ customerId, batchId }) };

/**
 * A batch of uploaded WAV files in memory, newest first; there is no API to imitate, so that `fetch`
 * answers 404. `putRecord` takes an entry of the manifest and uploads a file for it.
 */
export function createManualSandbox(options: SandboxOptions): ManualSandbox {
  const objects = createSandboxObjects(options.now);
  const records: Readonly<Record<string, unknown>>[] = [];
  const calls = new Map<string, { readonly key: string; readonly call: SandboxCall }>();
  const writeManifest = () =>
    objects.put(
      manualSandboxCredentials.batchKey,
      Buffer.from(JSON.stringify({ batchId, customerId, files: records })),
    );

  function upload(record: Readonly<Record<string, unknown>>): void {
    const uploadId = String(record['uploadId']);
    const key = toUploadKey({ customerId, uploadId });
    const durationSeconds = 0.25 + (records.length % 5) / 20;
    const bytes = toWav(durationSeconds, `${String(options.seed)} ${uploadId}`);
    objects.put(key, bytes);
    records.push({ key, ...record });
    const sourceCallId = `md5-${digest('md5', bytes)}-${String(bytes.length)}`;
    const call = {
      sourceCallId,
      title: typeof record['title'] === 'string' ? record['title'] : null,
      startedAt: new Date(String(record['startedAt'])),
      durationSeconds,
      hasMedia: true,
      hasTranscript: false,
      mediaSha256: digest('sha256', bytes),
      speakers: 1,
    };
    calls.set(sourceCallId, { key, call });
  }

  const newestMs = options.now().getTime() - stepMs;
  for (let index = 0; index < options.calls; index += 1) {
    upload({
      uploadId: `upload-${String(index)}`,
      fileName: `recording ${String(index)}.wav`,
      title: `Call number ${String(index)}`,
      startedAt: new Date(newestMs - index * stepMs).toISOString(),
      participants: [],
    });
  }
  writeManifest();

  return {
    platform: 'manual',
    objects,
    fetch: () => new Response(null, { status: 404 }),
    truth: () => [...calls.values()].map(({ call }) => call),
    removeCall: (sourceCallId) => {
      const found = calls.get(sourceCallId);
      if (found !== undefined) void objects.remove(found.key);
      calls.delete(sourceCallId);
    },
    putRecord: (record) => {
      upload(record);
      writeManifest();
    },
    requests: [],
    limitHits: 0,
  };
}

function digest(algorithm: 'md5' | 'sha256', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** Eight-bit sound at 8 kHz with a text for a waveform, so that every text sounds different. */
function toWav(durationSeconds: number, text: string): Buffer {
  const sound = Buffer.alloc(Math.round(durationSeconds * 8000), `${text} `);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + sound.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(sound.length, 40);
  return Buffer.concat([header, sound]);
}
