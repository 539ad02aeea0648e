import type { Readable } from 'node:stream';
import type { Firestore } from 'firebase-admin/firestore';
import type { Chance } from './chance.ts';
import type { Gate } from './gate.ts';
import { outsideOfTime } from './instance.ts';

/** The SDK's two ways to the server, which the embedded store answers in its place. */
interface Transport {
  request(method: string, request: unknown, tag: string, retryCodes?: unknown): Promise<unknown>;
  requestStream(
    method: string,
    bidirectional: boolean,
    request: unknown,
    tag: string,
  ): Promise<Readable>;
}

/** gRPC: unknown, deadline exceeded, internal, unavailable. After each a commit may have happened. */
const ambiguousCodes = [14, 14, 14, 4, 13, 2] as const;

/** Leads every request of a client through the gate: commits may happen though the caller sees an error. */
export function gateFirestore(firestore: Firestore, gate: Gate, chance: Chance): void {
  // Both methods are looked for.
  const transport = firestore as unknown as Transport;
  if (typeof transport.request !== 'function' || typeof transport.requestStream !== 'function') {
    throw new Error('This version of the Firestore SDK talks to its server some other way.');
  }
  const { request, requestStream } = transport;
  const refusal = () => {
    const code = chance.pick(ambiguousCodes);
    return Object.assign(new Error(`${String(code)} the connection was reset`), { code });
  };
  transport.request = (method, message, tag, retryCodes) =>
    gate({
      port: 'firestore',
      step: `firestore.${method}`,
      work: () => outsideOfTime(() => request.call(transport, method, message, tag, retryCodes)),
      refusal,
    });
  transport.requestStream = (method, bidirectional, message, tag) =>
    gate({
      port: 'firestore',
      step: `firestore.${method}`,
      work: () =>
        outsideOfTime(() => requestStream.call(transport, method, bidirectional, message, tag)),
      refusal,
    });
}
