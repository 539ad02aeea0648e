import { tmpdir } from 'node:os';
import { createDiskObjectStore } from '../../../local/object-store/disk-object-store.ts';
import { defaultSettings } from '../settings.ts';
import { createUploads, toUploadKey } from './create-uploads.ts';

function uploadsOf(files: Parameters<typeof createUploads>[1]['files']) {
  let ids = 0;
  const objects = createDiskObjectStore({
    folder: tmpdir(),
    signingKey: 'key',
    baseUrl: () => 'http://localhost:4000',
    clock: { now: () => new Date('2026-03-02T12:00:00Z') },
  });
  const createId = () => `upload-${(ids += 1)}`;
  const engine = { objects, createId, settings: defaultSettings };
  return createUploads(engine, { customerId: 'customer-1', files });
}

describe('toUploadKey', () => {
  it('is in the customer’s folder', () => {
    expect(toUploadKey('customer-1', 'upload-1')).toBe('customers/customer-1/uploads/upload-1');
  });
});

describe('createUploads', () => {
  it('gives each file a link of its own, which ends after six hours', async () => {
    const uploads = await uploadsOf([
      { fileName: 'monday.mp3', contentType: 'audio/mpeg' },
      { fileName: 'tuesday.wav', contentType: 'audio/wav' },
    ]);

    expect(uploads).toEqual([
      {
        uploadId: 'upload-1',
        fileName: 'monday.mp3',
        url: expect.stringContaining('/customers/customer-1/uploads/upload-1?'),
        method: 'PUT',
        headers: expect.objectContaining({ 'content-type': 'audio/mpeg' }),
        expiresAt: '2026-03-02T18:00:00.000Z',
      },
      {
        uploadId: 'upload-2',
        fileName: 'tuesday.wav',
        url: expect.stringContaining('/customers/customer-1/uploads/upload-2?'),
        method: 'PUT',
        headers: expect.objectContaining({ 'content-type': 'audio/wav' }),
        expiresAt: '2026-03-02T18:00:00.000Z',
      },
    ]);
  });

  it('takes a file of which nobody says the type for bytes', async () => {
    const [upload] = await uploadsOf([{ fileName: 'call' }]);

    expect(upload?.headers).toMatchObject({ 'content-type': 'application/octet-stream' });
  });

  it('lets a file’s name have no part in where it lies', async () => {
    const [upload] = await uploadsOf([{ fileName: '../../customer-2/x.mp3' }]);

    expect(upload?.url).not.toContain('customer-2');
    expect(upload?.fileName).toBe('../../customer-2/x.mp3');
  });

  it('has nothing for no files', async () => {
    expect(await uploadsOf([])).toEqual([]);
  });
});
