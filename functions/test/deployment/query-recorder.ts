import type { Firestore } from 'firebase-admin/firestore';
import { z } from 'zod';
import { StructuredQuery } from './required-index.ts';

const QueryRequest = z.union([
  z.object({ structuredQuery: StructuredQuery }),
  z.object({
    structuredAggregationQuery: z.object({
      structuredQuery: StructuredQuery,
      // A sum or an average needs its field in the index: not made here, so it fails loudly.
      aggregations: z.array(z.object({ count: z.unknown() })),
    }),
  }),
]);

/** The SDK's one way to send queries: `get`, `stream`, `count`, inside and outside transactions. */
interface QuerySender {
  requestStream(method: string, bidirectional: boolean, request: unknown, tag: string): unknown;
}

export interface QueryRecorder {
  readonly queries: readonly StructuredQuery[];
  /** Puts the instance back as it was. */
  stop(): void;
}

/** Keeps every query that `firestore` sends from now on. Listeners are not seen. */
export function recordQueries(firestore: Firestore): QueryRecorder {
  const sender = requireSender(firestore);
  const queries: StructuredQuery[] = [];
  const inherited = sender.requestStream;
  sender.requestStream = function record(method, bidirectional, request, tag) {
    if (method === 'runQuery' || method === 'runAggregationQuery') {
      queries.push(readQuery(request));
    }
    return inherited.call(this, method, bidirectional, request, tag);
  };
  return {
    queries,
    stop: () => {
      sender.requestStream = inherited;
    },
  };
}

function readQuery(request: unknown): StructuredQuery {
  const parsed = QueryRequest.parse(request);
  return 'structuredQuery' in parsed
    ? parsed.structuredQuery
    : parsed.structuredAggregationQuery.structuredQuery;
}

function requireSender(firestore: Firestore): QuerySender {
  const candidate: unknown = firestore;
  if (hasRequestStream(candidate)) return candidate;
  throw new Error('This version of the Firestore SDK sends queries some other way.');
}

function hasRequestStream(candidate: unknown): candidate is QuerySender {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'requestStream' in candidate &&
    typeof candidate.requestStream === 'function'
  );
}
