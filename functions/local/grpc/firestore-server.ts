import type { Duplex } from 'node:stream';
import { grpc } from 'google-gax';
import type { Firestore } from 'firebase-admin/firestore';
import { openBridgeClient } from './bridge-client.ts';
import type { BridgeClient } from './bridge-client.ts';
import { maskDocument } from './field-mask.ts';
import { loadFirestoreService } from './firestore-service.ts';

export interface FirestoreServer {
  /** `127.0.0.1:<port>`, for FIRESTORE_EMULATOR_HOST. */
  readonly host: string;
  /** Breaks off what is under way and frees the port. */
  close(): Promise<void>;
}

type UnaryCall = grpc.ServerUnaryCall<object, object>;
type StreamCall = grpc.ServerWritableStream<object, object>;
type ListenCall = grpc.ServerDuplexStream<object, object>;

/**
 * Serves the embedded store behind `firestore` on loopback in the SDK's own protocol, so that other
 * processes use it as they would use Firestore; port 0 takes a free one. Requests for another
 * project than the store's are refused.
 * @see https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1
 */
export async function serveFirestore(
  firestore: Firestore,
  options: { readonly port: number } = { port: 0 },
): Promise<FirestoreServer> {
  const client = openBridgeClient(firestore);
  // Pages of a listing with transcripts and batches of 500 documents are larger than gRPC's 4 MB.
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(loadFirestoreService(), toHandlers(client));
  const port = await bind(server, options.port);
  return {
    host: `127.0.0.1:${port}`,
    async close() {
      server.forceShutdown();
    },
  };
}

function toHandlers(client: BridgeClient): grpc.UntypedServiceImplementation {
  return {
    BeginTransaction: unary((request) => client.beginTransaction(request)),
    Commit: unary((request) => client.commit(request)),
    Rollback: unary((request) => client.rollback(request)),
    BatchWrite: unary((request) => client.batchWrite(request)),
    ListDocuments: unary(async (request) => {
      const [documents] = await client.listDocuments(withoutPaging(request));
      return [{ documents }];
    }),
    ListCollectionIds: unary(async (request) => {
      const [collectionIds] = await client.listCollectionIds(request);
      return [{ collectionIds }];
    }),
    BatchGetDocuments: (call: StreamCall) => {
      const paths = readMask(call.request);
      const map = paths ? (response: object) => maskDocument(response, paths) : asItIs;
      answerWith(call, client.batchGetDocuments(call.request), map);
    },
    RunQuery: (call: StreamCall) => answerWith(call, client.runQuery(call.request)),
    RunAggregationQuery: (call: StreamCall) =>
      answerWith(call, client.runAggregationQuery(call.request)),
    Listen: (call: ListenCall) => {
      const duplex = client.listen();
      answerWith(call, duplex);
      call.on('data', (request) => duplex.write(request));
      call.on('end', () => duplex.end());
    },
  };
}

/** Null: the whole documents are asked for. */
function readMask(request: { readonly mask?: { readonly fieldPaths?: readonly string[] } }) {
  return request.mask?.fieldPaths ?? null;
}

const asItIs = (response: object): object => response;

/** The bridge gives every document at once, whole, and refuses to be asked for less. */
function withoutPaging(request: object): object {
  return { ...request, mask: null, pageSize: null, pageToken: null };
}

function unary(run: (request: object) => Promise<readonly unknown[]>) {
  // In a promise from the start: the bridge may also throw at once.
  const start = async (request: object) => run(request);
  return (call: UnaryCall, respond: grpc.sendUnaryData<object>): void => {
    start(call.request).then(
      // The bridge answers with the API's own response messages.
      ([response]) => respond(null, response as object),
      (error: unknown) => respond(toStatus(error)),
    );
  };
}

/** Sends what comes out of `source`; a caller that is gone, by a kill even, ends it. */
function answerWith(call: StreamCall | ListenCall, source: Duplex, map = asItIs): void {
  source.on('data', (response: object) => call.write(map(response)));
  source.on('end', () => call.end());
  source.on('error', (error) => call.emit('error', toStatus(error)));
  call.on('cancelled', () => source.destroy());
}

/** The bridge throws errors that carry gRPC's status codes; anything else is a defect of ours. */
function toStatus(error: unknown): Partial<grpc.StatusObject> {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const details = error instanceof Error ? error.message : String(error);
  return { code: typeof code === 'number' ? code : grpc.status.INTERNAL, details };
}

function bind(server: grpc.Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const credentials = grpc.ServerCredentials.createInsecure();
  server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => {
    if (error) reject(error);
    else resolve(bound);
  });
  return promise;
}
