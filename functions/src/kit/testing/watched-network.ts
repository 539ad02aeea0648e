import type { LookupAddress } from 'node:dns';
import { createServer, isIP, Socket, type AddressInfo, type Server } from 'node:net';

type Connect = (this: Socket, ...args: unknown[]) => Socket;
type LookupAnswer = (error: Error | null, addresses: LookupAddress[]) => void;
type Lookup = (hostname: string, options: object, answer: LookupAnswer) => void;

/** Every socket that this process opens leads to a listener of ours, and is counted twice. */
export interface WatchedNetwork {
  /** Addresses that sockets were about to connect to, as they would have been outside. */
  readonly attempts: string[];
  /** Connections that the listener took. */
  readonly connections: () => number;
  restore(): Promise<void>;
}

/**
 * Puts itself below TLS, where a socket connects: after every check, so that whatever passes them is
 * seen; and nothing ever leaves this machine, whatever passes.
 */
export async function watchNetwork(): Promise<WatchedNetwork> {
  let connections = 0;
  const listener = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.destroy();
  });
  const port = await listen(listener);
  const attempts: string[] = [];
  // Node's own method, which takes options in first place from `tls.connect`.
  const connect = Socket.prototype.connect as unknown as Connect;
  const here = { host: '127.0.0.1', port };
  const watched: Connect = function (...args) {
    // As the line above says; `net.connect` puts them into an array first.
    const given = (Array.isArray(args[0]) ? args[0] : args) as [OptionsGiven, ...unknown[]];
    const [options, ...rest] = given;
    const { lookup, host } = options;
    if (!lookup || isIP(host) !== 0) {
      attempts.push(host);
      return connect.call(this, { ...options, ...here }, ...rest);
    }
    const redirected: Lookup = (hostname, wanted, answer) => {
      lookup(hostname, { ...wanted, all: true }, (error, addresses) => {
        if (!error) attempts.push(...addresses.map(({ address }) => address));
        answer(error, [{ address: here.host, family: 4 }]);
      });
    };
    return connect.call(this, { ...options, port, lookup: redirected }, ...rest);
  };
  Object.assign(Socket.prototype, { connect: watched });
  return {
    attempts,
    connections: () => connections,
    restore: async () => {
      Object.assign(Socket.prototype, { connect });
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

interface OptionsGiven {
  readonly host: string;
  readonly port: number;
  readonly lookup?: Lookup;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A TCP server that listens has an address with a port.
  return (server.address() as AddressInfo).port;
}
