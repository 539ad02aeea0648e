import type { Fetch } from '../../src/kit/fetch.ts';
import { toText } from './account-secrets.ts';
import type { Gate } from './gate.ts';
import { connectionReset, shorten } from './gated-ports.ts';
import type { PlatformAccount } from './platform-account.ts';
import type { Renewals } from './renewals.ts';

/**
 * The network as instances see it. A request finds its account by the mark on its credentials, a
 * download without any by its host.
 */
export function createNetwork(world: {
  readonly accounts: readonly PlatformAccount[];
  readonly renewals: Renewals;
  readonly gate: Gate;
}): Fetch {
  const { accounts, renewals, gate } = world;
  const find = (url: URL, text: string): PlatformAccount => {
    const name = /\.at-([a-z\d]+)-/.exec(text)?.[1];
    const found = accounts.find((one) =>
      name === undefined ? one.mediaOrigin === url.origin : one.name === name,
    );
    if (found) return found;
    throw new Error(`Nobody is at ${url.origin}.`);
  };
  return async (address, init) => {
    const url = new URL(address);
    const text = toText({ url, init });
    const flight = renewals.send(text);
    const response = await gate({
      port: 'platform',
      step: `${init.method} ${toShownPath(url)}`,
      work: async () => find(url, text).answer({ url, init, flight }),
      refusal: connectionReset,
      signal: init.signal,
    });
    flight.arrived();
    return response;
  };
}

/** A link's token is random, as it is signed: it would make every run another. */
function toShownPath({ pathname }: URL): string {
  return pathname.startsWith('/media/') ? '/media' : shorten(pathname);
}
