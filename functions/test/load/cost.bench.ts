import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { meterFirestore } from '../support/engine/firestore-meter.ts';
import type { AppPorts } from '../../src/app.ts';
import type { Clock, Sealer } from '../../src/core/ports.ts';
import {
  createDataKey,
  createEnvelopeSealer,
  decrypt,
  encrypt,
  type KeyWrapper,
} from '../../src/gcp/kms/envelope.ts';
import { rememberDataKeys } from '../../src/gcp/kms/remember-data-keys.ts';
import { defaultPrices, toCost, type Charge, type Prices } from './prices.ts';
import { atMost, figure, type BenchResult, type BenchRow } from './bench-result.ts';
import { startBenchWorld } from './support/bench-runtime.ts';

export interface CostBenchOptions {
  readonly calls: number;
  readonly mediaBytes: number | null;
  /** A JSON file with prices that replace the defaults. */
  readonly pricesFile: string | null;
}

type Counts = Record<Charge, number> & { storedBytes: number };

const names: Readonly<Record<Charge, string>> = {
  firestoreReads: 'Firestore reads',
  firestoreWrites: 'Firestore writes',
  firestoreDeletes: 'Firestore deletes',
  taskOperations: 'task operations',
  storageWrites: 'storage writes',
  storageReads: 'storage reads',
  keyOperations: 'key operations',
  speechMinutes: 'minutes of speech-to-text',
};
/** How often somebody looks at the progress, which is charged as well. */
const watchMs = 2_000;
/** DESIGN: a call with a platform's transcript. */
const bounds: Readonly<Partial<Record<Charge, number>>> = { firestoreReads: 4, firestoreWrites: 5 };

/**
 * What a job is charged for, counted where the engine meets its services: from the POST to the end,
 * somebody who looks at the progress every two seconds included.
 */
export async function runCost(options: CostBenchOptions): Promise<BenchResult> {
  const { calls, mediaBytes } = options;
  const prices = await readPrices(options.pricesFile);
  const counts = createCounts();
  const world = await startBenchWorld({ platform: 'grain', calls, seed: 1, mediaBytes }, (ports) =>
    count(ports, counts),
  );
  const { store } = world.runtime;
  try {
    const meter = meterFirestore(store.firestore);
    const stop = store.onDocumentWritten('{path=**}', ({ after }) => {
      if (!after) counts.firestoreDeletes += 1;
    });
    const job = await world.ended(await world.start(), watchMs);
    stop();
    const { reads, writes } = meter.total();
    counts.firestoreReads = reads;
    counts.firestoreWrites = writes - counts.firestoreDeletes;
    const { requests, downloads } = await world.sandbox.traffic();
    return {
      name: 'cost',
      rows: [
        figure('imported', job.counts.imported, 'calls'),
        ...toRows(counts, { calls, prices }),
        figure('platform requests, downloads aside', (requests - downloads) / calls, 'per call'),
        figure('download requests', downloads / calls, 'per call'),
        figure('bytes stored', counts.storedBytes / calls, 'per call'),
      ],
    };
  } finally {
    await world.stop();
  }
}

function toRows(
  counts: Counts,
  { calls, prices }: { readonly calls: number; readonly prices: Prices },
): readonly BenchRow[] {
  // The record is made of exactly these keys.
  const charges = Object.keys(names) as Charge[];
  const rows = charges.map((charge) => {
    const row = { metric: names[charge], value: counts[charge] / calls, unit: 'per call' };
    const bound = bounds[charge];
    return bound === undefined ? figure(row.metric, row.value, row.unit) : atMost(bound, row);
  });
  const costs = charges.map((charge) => ({
    charge,
    dollars: (toCost(prices, charge, counts[charge]) * 1000) / calls,
  }));
  const total = costs.reduce((sum, { dollars }) => sum + dollars, 0);
  return [
    ...rows,
    ...costs.map(({ charge, dollars }) => {
      const doubt = prices[charge].isVerified ? '' : ' (price unverified)';
      return figure(`1,000 calls: ${names[charge]}${doubt}`, dollars, 'USD');
    }),
    figure('1,000 calls: all of these', total, 'USD'),
  ];
}

function createCounts(): Counts {
  return {
    ...{ firestoreReads: 0, firestoreWrites: 0, firestoreDeletes: 0, taskOperations: 0 },
    ...{ storageWrites: 0, storageReads: 0, keyOperations: 0, speechMinutes: 0, storedBytes: 0 },
  };
}

/** The same ports, counted. A task is charged twice: when it is created and when it is delivered. */
function count(ports: AppPorts, counts: Counts): AppPorts {
  return {
    ...ports,
    queue: async () => {
      const queue = await ports.queue();
      return {
        enqueue(task) {
          counts.taskOperations += 2;
          return queue.enqueue(task);
        },
      };
    },
    sealer: async () => createCountedSealer(ports.clock, counts),
    transcriber: async () => {
      const transcriber = await ports.transcriber();
      return {
        ...transcriber,
        async check(operation, uri) {
          const found = await transcriber.check(operation, uri);
          if (found.status === 'done') counts.speechMinutes += (found.billedSeconds ?? 0) / 60;
          return found;
        },
      };
    },
    objects: () => countObjects(ports, counts),
  };
}

/** Seals as with Cloud KMS, whose requests are counted. */
function createCountedSealer(clock: Clock, counts: Counts): Sealer {
  const key = createDataKey();
  const wrapped = new Map<string, ReturnType<typeof encrypt>>();
  const counted: KeyWrapper = {
    async wrap(plaintext, additionalData) {
      counts.keyOperations += 1;
      const sealed = encrypt({ key, plaintext, additionalData });
      wrapped.set(sealed.iv.toString('hex'), sealed);
      return { keyVersion: 'bench/1', wrappedKey: sealed.iv };
    },
    async unwrap({ wrappedKey, additionalData }) {
      counts.keyOperations += 1;
      const sealed = wrapped.get(wrappedKey.toString('hex'));
      if (!sealed) throw new Error('Nobody wrapped this key.');
      return decrypt({ ...sealed, key, additionalData });
    },
  };
  return createEnvelopeSealer(rememberDataKeys(counted, { clock, keepMs: 60_000 }));
}

async function countObjects(ports: AppPorts, counts: Counts): ReturnType<AppPorts['objects']> {
  const objects = await ports.objects();
  return {
    ...objects,
    async write(options) {
      counts.storageWrites += 1;
      const written = await objects.write(options);
      counts.storedBytes += written.sizeBytes;
      return written;
    },
    writeJson(key, value) {
      counts.storageWrites += 1;
      counts.storedBytes += Buffer.byteLength(JSON.stringify(value));
      return objects.writeJson(key, value);
    },
    readJson(key) {
      counts.storageReads += 1;
      return objects.readJson(key);
    },
    find(key) {
      counts.storageReads += 1;
      return objects.find(key);
    },
    read(...args) {
      counts.storageReads += 1;
      return objects.read(...args);
    },
  };
}

const PriceFile = z.partialRecord(
  z.enum(Object.keys(names)),
  z.strictObject({
    dollars: z.number().nonnegative(),
    per: z.number().positive(),
    source: z.string(),
    isVerified: z.boolean(),
  }),
);

async function readPrices(file: string | null): Promise<Prices> {
  if (file === null) return defaultPrices;
  const given = PriceFile.parse(JSON.parse(await readFile(file, 'utf8')));
  return { ...defaultPrices, ...given };
}
