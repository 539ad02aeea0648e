import { createRequire } from 'node:module';
import { join } from 'node:path';
import { protobuf } from 'google-gax';
import type { grpc } from 'google-gax';

const serviceName = 'google.firestore.v1.Firestore';

/** As the SDK's own generated client reads messages. */
const toObjectOptions = { longs: String, enums: String };

/**
 * The Firestore API's service as the SDK's own protocol files describe it; what is decoded has only
 * the fields that were sent.
 * @see https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1
 */
export function loadFirestoreService(): grpc.ServiceDefinition {
  const service = protobuf.Root.fromJSON(readProtocol()).lookupService(serviceName);
  service.resolveAll();
  return Object.fromEntries(service.methodsArray.map((method) => [method.name, toMethod(method)]));
}

function toMethod(method: protobuf.Method): grpc.MethodDefinition<object, object> {
  const { name, resolvedRequestType: request, resolvedResponseType: response } = method;
  if (!request || !response) throw new Error(`The method ${name} has no types.`);
  return {
    path: `/${serviceName}/${name}`,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestSerialize: (value) => encode(request, value),
    requestDeserialize: (bytes) => request.toObject(request.decode(bytes), toObjectOptions),
    responseSerialize: (value) => encode(response, value),
    responseDeserialize: (bytes) => response.toObject(response.decode(bytes), toObjectOptions),
  };
}

function encode(type: protobuf.Type, value: object): Buffer {
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}

function readProtocol(): protobuf.INamespace {
  // The SDK is a dependency of firebase-admin, not ours: it is found from there.
  const ours = createRequire(join(import.meta.dirname, 'firestore-service.ts'));
  const admins = createRequire(ours.resolve('firebase-admin/firestore'));
  const protocol: unknown = admins('@google-cloud/firestore/build/protos/v1.json');
  // The file is protobuf.js's own description of a namespace.
  return protocol as protobuf.INamespace;
}
