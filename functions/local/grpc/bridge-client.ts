import type { Duplex } from 'node:stream';
import type { Firestore } from 'firebase-admin/firestore';

type Unary = (request: object) => Promise<readonly unknown[]>;
type ServerStream = (request: object) => Duplex;

/** The bridge's stand-in for the client of the Firestore API: it takes the API's own messages. */
export interface BridgeClient {
  readonly beginTransaction: Unary;
  readonly commit: Unary;
  readonly rollback: Unary;
  readonly batchWrite: Unary;
  readonly listDocuments: Unary;
  readonly listCollectionIds: Unary;
  readonly batchGetDocuments: ServerStream;
  readonly runQuery: ServerStream;
  readonly runAggregationQuery: ServerStream;
  readonly listen: () => Duplex;
}

/** A client of the store behind `firestore`, beside its own. @throws Error for another bridge */
export function openBridgeClient(firestore: Firestore): BridgeClient {
  const pool: unknown = '_clientPool' in firestore ? firestore._clientPool : null;
  if (typeof pool !== 'object' || pool === null || !('clientFactory' in pool)) {
    throw new Error('This version of @firebase-bridge/firestore-admin is not the one we know.');
  }
  // The bridge's pool has exactly this factory in version 0.0.10.
  const { clientFactory } = pool as { clientFactory: (requiresGrpc: boolean) => BridgeClient };
  return clientFactory(false);
}
