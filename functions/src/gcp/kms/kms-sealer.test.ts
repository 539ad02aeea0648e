import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  randomBytes,
  verify,
} from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CRC32C } from '@google-cloud/storage';
import { useServiceAccount } from '../../../test/support/storage-server/service-account.ts';
import { testSealer } from '../../../test/support/sealer.testsuite.ts';
import type { Sealer } from '../../core/ports.ts';
import { createKmsSealer } from './kms-sealer.ts';

const account = useServiceAccount();
afterAll(() => account.remove());
let nowMs = 0;
const clock = { now: () => new Date(nowMs) };
const keyName = 'projects/p/locations/europe-west3/keyRings/imports/cryptoKeys/credentials';

interface KmsBody {
  plaintext?: string;
  plaintextCrc32c?: string;
  ciphertext?: string;
  ciphertextCrc32c?: string;
  additionalAuthenticatedData?: string;
  additionalAuthenticatedDataCrc32c?: string;
}

type Change = (answer: Record<string, unknown>) => void;

/** Follows the REST protocol of Cloud KMS and wraps for real, by a key of its own per version. */
async function startKmsServer() {
  const versions = [randomBytes(32)];
  const faults: number[] = [];
  const changes: Change[] = [];
  const requests: string[] = [];

  function answer(path: string, body: KmsBody): Record<string, unknown> | number {
    const [name, method] = path.replace('/v1/', '').split(':');
    if (name !== keyName) return 404;
    const data = (text = '') => Buffer.from(text, 'base64');
    const aad = data(body.additionalAuthenticatedData);
    if (String(body.additionalAuthenticatedDataCrc32c) !== checksum(aad)) return 400;
    if (method === 'encrypt') {
      const plaintext = data(body.plaintext);
      if (String(body.plaintextCrc32c) !== checksum(plaintext)) return 400;
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', versions.at(-1) ?? '', iv).setAAD(aad);
      const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const version = Buffer.from([versions.length]);
      const ciphertext = Buffer.concat([version, iv, cipher.getAuthTag(), encrypted]);
      return {
        name: `${keyName}/cryptoKeyVersions/${versions.length}`,
        ciphertext: ciphertext.toString('base64'),
        ciphertextCrc32c: checksum(ciphertext),
        verifiedPlaintextCrc32c: true,
        verifiedAdditionalAuthenticatedDataCrc32c: true,
        protectionLevel: 'SOFTWARE',
      };
    }
    const ciphertext = data(body.ciphertext);
    if (String(body.ciphertextCrc32c) !== checksum(ciphertext)) return 400;
    try {
      const key = versions[(ciphertext[0] ?? 0) - 1] ?? '';
      const decipher = createDecipheriv('aes-256-gcm', key, ciphertext.subarray(1, 13));
      decipher.setAAD(aad).setAuthTag(ciphertext.subarray(13, 29));
      const plaintext = Buffer.concat([decipher.update(ciphertext.subarray(29)), decipher.final()]);
      return { plaintext: plaintext.toString('base64'), plaintextCrc32c: checksum(plaintext) };
    } catch {
      return 400;
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://kms').pathname);
    requests.push(path);
    const fault = faults.shift();
    if (fault === 0) return;
    const isKnown = isSignedBy(request.headers.authorization ?? '', account.publicKey);
    const result =
      fault ?? (isKnown ? answer(path, JSON.parse(Buffer.concat(chunks).toString())) : 401);
    response.setHeader('content-type', 'application/json');
    if (typeof result === 'number') {
      const status = statusNames[result];
      response.writeHead(result);
      response.end(JSON.stringify({ error: { code: result, message: 'Refused.', status } }));
      return;
    }
    changes.shift()?.(result);
    response.end(JSON.stringify(result));
  }

  const server: Server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    failNext: (status: number) => void faults.push(status),
    changeNext: (change: Change) => void changes.push(change),
    rotate: () => void versions.push(randomBytes(32)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const statusNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
};

let kms: Awaited<ReturnType<typeof startKmsServer>>;
let sealer: Sealer;
beforeEach(async () => {
  kms = await startKmsServer();
  sealer = createKmsSealer({ keyName, clock, endpoint: kms.endpoint, timeoutMs: 2000 });
});
afterEach(() => kms.close());

testSealer('Cloud KMS', () => sealer);

describe('Cloud KMS', () => {
  const binding = ['customer', 'gong', 'credential'];

  it('is asked once to seal and once to open, and names the version that sealed', async () => {
    const sealed = await sealer.seal('secret', binding);
    expect(sealed.keyVersion).toBe(`${keyName}/cryptoKeyVersions/1`);
    expect(await sealer.open(sealed, binding)).toBe('secret');
    expect(kms.requests).toEqual([`/v1/${keyName}:encrypt`, `/v1/${keyName}:decrypt`]);
  });

  it('is asked once a minute for a secret that is opened for every call', async () => {
    const sealed = await sealer.seal('secret', binding);
    const openAll = () => Promise.all([1, 2, 3].map(() => sealer.open(sealed, binding)));
    expect(await openAll()).toEqual(['secret', 'secret', 'secret']);
    nowMs += 59_999;
    expect(await openAll()).toEqual(['secret', 'secret', 'secret']);
    expect(kms.requests.slice(1)).toEqual([`/v1/${keyName}:decrypt`]);
    nowMs += 1;
    expect(await openAll()).toEqual(['secret', 'secret', 'secret']);
    expect(kms.requests.slice(2)).toEqual([`/v1/${keyName}:decrypt`]);
  });

  it('is asked for each binding: a key that is remembered opens nothing else', async () => {
    const sealed = await sealer.seal('secret', binding);
    await sealer.open(sealed, binding);
    const other = ['another customer', 'gong', 'credential'];
    await expect(sealer.open(sealed, other)).rejects.toMatchObject({ kind: 'internal' });
  });

  it('opens after a rotation what the earlier version sealed', async () => {
    const sealed = await sealer.seal('secret', binding);
    kms.rotate();
    expect((await sealer.seal('new', binding)).keyVersion).toMatch(/\/2$/);
    expect(await sealer.open(sealed, binding)).toBe('secret');
  });

  it('is not asked to open what another key sealed', async () => {
    const sealed = await sealer.seal('secret', binding);
    const keyVersion = 'projects/evil/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1';
    await expect(sealer.open({ ...sealed, keyVersion }, binding)).rejects.toMatchObject({
      kind: 'internal',
      retryable: false,
    });
    expect(kms.requests).toHaveLength(1);
  });

  it.each([
    ['the wrapped key', (answer: Record<string, unknown>) => (answer['ciphertext'] = 'AAAA')],
    ['its checksum', (answer: Record<string, unknown>) => (answer['ciphertextCrc32c'] = '1')],
    ['no checksum', (answer: Record<string, unknown>) => delete answer['ciphertextCrc32c']],
    [
      'an unconfirmed key',
      (answer: Record<string, unknown>) => (answer['verifiedPlaintextCrc32c'] = false),
    ],
    [
      'an unconfirmed binding',
      (answer: Record<string, unknown>) =>
        delete answer['verifiedAdditionalAuthenticatedDataCrc32c'],
    ],
  ])('that answers a wrap with %s damaged is not believed', async (_name, change) => {
    kms.changeNext(change);
    await expect(sealer.seal('secret', binding)).rejects.toMatchObject({
      kind: 'unavailable',
      source: 'kms',
    });
  });

  it.each([
    ['another key', (answer: Record<string, unknown>) => (answer['plaintext'] = 'AAAA')],
    ['no checksum', (answer: Record<string, unknown>) => delete answer['plaintextCrc32c']],
  ])('that answers an unwrap with %s is not believed', async (_name, change) => {
    const sealed = await sealer.seal('secret', binding);
    kms.changeNext(change);
    await expect(sealer.open(sealed, binding)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await sealer.open(sealed, binding)).toBe('secret');
  });

  it.each([
    [401, 'internal', 'roles/cloudkms.cryptoKeyEncrypterDecrypter'],
    [403, 'internal', 'roles/cloudkms.cryptoKeyEncrypterDecrypter'],
    [404, 'internal', 'create it'],
    [429, 'rate_limited', 'slow down'],
    [500, 'unavailable', 'not available'],
  ])('that answers %i is %s, and says what to do', async (status, kind, words) => {
    kms.failNext(status);
    await expect(sealer.seal('secret', binding)).rejects.toMatchObject({
      kind,
      source: 'kms',
      publicMessage: expect.stringContaining(words),
    });
  });

  it('that falls silent is a timeout', async () => {
    const hasty = createKmsSealer({ keyName, clock, endpoint: kms.endpoint, timeoutMs: 50 });
    for (let count = 0; count < 20; count++) kms.failNext(0);
    await expect(hasty.seal('secret', binding)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('that could not be connected for want of credentials is connected at the next use', async () => {
    const key = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = '/nowhere/key.json';
    await expect(sealer.seal('secret', binding)).rejects.toMatchObject({
      kind: 'unavailable',
      source: 'kms',
    });
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = key;
    expect(await sealer.seal('secret', binding)).toMatchObject({
      keyVersion: `${keyName}/cryptoKeyVersions/1`,
    });
  });

  it('that nobody listens at is tried again until the timeout', async () => {
    const hasty = createKmsSealer({ keyName, clock, endpoint: kms.endpoint, timeoutMs: 100 });
    await kms.close();
    await expect(hasty.seal('secret', binding)).rejects.toMatchObject({ kind: 'timeout' });
    kms = await startKmsServer();
  });
});

function checksum(data: Buffer): string {
  const crc32c = new CRC32C();
  crc32c.update(data);
  return String(crc32c.toBuffer().readUInt32BE());
}

/** A token that the client signed itself, with the service account's key. */
function isSignedBy(authorization: string, publicKey: string): boolean {
  const [head, body, signature] = authorization.replace('Bearer ', '').split('.');
  return verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${body}`),
    createPublicKey(publicKey),
    Buffer.from(signature ?? '', 'base64url'),
  );
}
