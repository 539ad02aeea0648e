import { Transform, type Readable } from 'node:stream';
import type { Firestore } from 'firebase-admin/firestore';

/** What Firestore would charge for. */
export interface Charges {
  readonly reads: number;
  readonly writes: number;
}

export interface FirestoreMeter {
  /** Charges since the meter was put in. */
  total(): Charges;
  /** Charges of one piece of work, while nothing else runs. */
  measure(work: () => Promise<unknown>): Promise<Charges>;
  /** From now on commits that `isMeant` take effect, and their callers are told UNAVAILABLE. */
  loseAnswers(isMeant: (paths: readonly string[]) => boolean): void;
  /** Answers that were lost so far. */
  readonly lost: number;
}

/** The SDK's two ways to the server, which the bridge answers in its place. */
interface Transport {
  request(method: string, request: unknown, tag: string, retryCodes?: unknown): Promise<unknown>;
  requestStream(
    method: string,
    bidirectional: boolean,
    request: unknown,
    tag: string,
  ): Promise<Readable>;
}

interface Message {
  readonly newTransaction?: { readonly readWrite?: { retryTransaction?: unknown } };
  readonly writes?: readonly {
    readonly update?: { readonly name?: string };
    readonly delete?: string;
  }[];
  readonly documents?: readonly string[];
}

/**
 * Counts documents read and written as they are billed: a missing document and an empty query's
 * result are a read each, a count is a read per thousand entries.
 * @see https://firebase.google.com/docs/firestore/pricing
 */
export function meterFirestore(firestore: Firestore): FirestoreMeter {
  // Both methods are looked for; the recorder of queries relies on the same.
  const transport = firestore as unknown as Transport;
  if (typeof transport.request !== 'function' || typeof transport.requestStream !== 'function') {
    throw new Error('This version of the Firestore SDK talks to its server some other way.');
  }
  const charges = { reads: 0, writes: 0 };
  let isToBeLost: (paths: readonly string[]) => boolean = () => false;
  let lost = 0;
  const { request, requestStream } = transport;
  transport.request = async (method, message, tag, retryCodes) => {
    const answer = await request.call(transport, method, message, tag, retryCodes);
    if (method !== 'commit') return answer;
    const { writes = [] } = message as Message; // a commit's request has them
    charges.writes += writes.length;
    const paths = writes.map(
      (write) => (write.update?.name ?? write.delete ?? '').split('/documents/')[1] ?? '',
    );
    if (!isToBeLost(paths)) return answer;
    lost += 1;
    throw Object.assign(new Error('14 UNAVAILABLE: connection reset'), { code: 14 });
  };
  transport.requestStream = async (method, bidirectional, message, tag) => {
    if (method === 'batchGetDocuments') {
      const { documents = [], newTransaction } = message as Message; // what its request may have
      charges.reads += documents.length;
      // The bridge refuses a retry of a transaction that was committed after all; Firestore does not.
      if (lost > 0) delete newTransaction?.readWrite?.retryTransaction;
    }
    const stream = await requestStream.call(transport, method, bidirectional, message, tag);
    if (method === 'runAggregationQuery') charges.reads += 1;
    if (method !== 'runQuery') return stream;
    return countDocuments(stream, (documents) => {
      charges.reads += Math.max(documents, 1);
    });
  };
  return {
    total: () => ({ ...charges }),
    measure: async (work) => {
      const before = { ...charges };
      await work();
      return { reads: charges.reads - before.reads, writes: charges.writes - before.writes };
    },
    loseAnswers: (isMeant) => {
      isToBeLost = isMeant;
    },
    get lost() {
      return lost;
    },
  };
}

function countDocuments(stream: Readable, onEnd: (documents: number) => void): Readable {
  let documents = 0;
  const counter = new Transform({
    objectMode: true,
    transform(chunk: { readonly document?: unknown }, _encoding, done) {
      if (chunk.document) documents += 1;
      done(null, chunk);
    },
    flush(done) {
      onEnd(documents);
      done();
    },
  });
  stream.on('error', (error) => counter.destroy(error));
  return stream.pipe(counter);
}
