import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDiskObjectStore } from '../../../local/object-store/disk-object-store.ts';
import { storeTranscript, toCallFolder, toTranscriptKeys } from './store-transcript.ts';

const call = { customerId: 'customer-1', callKey: 'call-1' };
const key = 'customers/customer-1/calls/call-1/transcript.json';
const sourceKey = 'customers/customer-1/calls/call-1/transcript.source.json';

describe('where the files of a call lie', () => {
  it('is a folder of their own in the customer’s', () => {
    expect(toCallFolder(call)).toBe('customers/customer-1/calls/call-1');
    expect(toTranscriptKeys(call)).toStrictEqual({ key, sourceKey });
  });
});

describe('storeTranscript', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-transcript-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const openStore = () =>
    createDiskObjectStore({
      folder,
      signingKey: 'key',
      baseUrl: () => 'http://localhost',
      clock: { now: () => new Date('2026-03-02T12:00:00Z') },
    });

  const transcript = {
    language: 'en-US',
    speakers: [{ id: 'speaker-1', name: 'Ann' }],
    segments: [{ speakerId: 'speaker-1', startMs: 0, endMs: 900, text: 'Grüß dich 😀' }],
  };
  const original = { callTranscripts: [{ sentences: [] }], unknownField: null };

  it('writes the normalised transcript and the platform’s own beside it', async () => {
    const objects = openStore();

    const record = await storeTranscript(objects, { ...call, transcript, original });

    expect(record).toStrictEqual({ key, sourceKey, transcript });
    expect(await objects.readJson(key)).toEqual(transcript);
    expect(await objects.readJson(sourceKey)).toEqual(original);
  });

  it('replaces the same two objects when it runs again', async () => {
    const objects = openStore();
    await storeTranscript(objects, { ...call, transcript, original });

    const corrected = { ...transcript, language: 'de-DE' };
    await storeTranscript(objects, { ...call, transcript: corrected, original: { version: 2 } });

    expect(await objects.readJson(key)).toEqual(corrected);
    expect(await objects.readJson(sourceKey)).toEqual({ version: 2 });
  });

  it('stores no more than the transcript of the call that it is given', async () => {
    const objects = openStore();

    await storeTranscript(objects, { ...call, transcript, original });

    expect(await objects.find('customers/customer-1/calls/call-2/transcript.json')).toBeNull();
    expect(await objects.readJson(key)).not.toHaveProperty('original');
  });
});
