import type { Fetch, FetchInit, FetchResponse } from '../../src/kit/fetch.ts';
import type { Gate } from './gate.ts';
import { shorten } from './gated-ports.ts';
import { connectionReset, type PlatformAccount } from './platform-account.ts';

/**
 * The network as instances see it. A request finds its account by the mark on its credentials, a
 * download by its host. The sandbox gets what it knows, without marks; one that was valid before the
 * key was rotated stays where it is, and the sandbox refuses it in its own words.
 */
export function createNetwork(accounts: readonly PlatformAccount[], gate: Gate): Fetch {
  const find = (url: URL, init: FetchInit): PlatformAccount => {
    const name = /\.at-([a-z\d]+)-/.exec(toText(url, init))?.[1];
    const found = accounts.find((one) =>
      name === undefined ? one.mediaOrigin === url.origin : one.name === name,
    );
    if (found) return found;
    throw new Error(`Nobody is at ${url.origin}.`);
  };
  return (address, init) => {
    const url = new URL(address);
    const answer = async (): Promise<FetchResponse> => {
      const account = find(url, init);
      return account.answer(unmark({ url, init, mark: account.mark }));
    };
    return gate({
      port: 'platform',
      step: `${init.method} ${toShownPath(url)}`,
      work: answer,
      refusal: connectionReset,
      signal: init.signal,
    });
  };
}

/** All that a request says, its credentials readable. */
function toText(url: URL, { headers, body }: FetchInit): string {
  return [url.href, body ?? '', ...Object.values(headers).map(decodeBasic)].join('\n');
}

function unmark(request: {
  readonly url: URL;
  readonly init: FetchInit;
  readonly mark: string;
}): Request {
  const { url, init, mark } = request;
  const { method, body } = init;
  const headers = Object.entries(init.headers).map(([name, value]): [string, string] => [
    name,
    encodeBasic(decodeBasic(value).replaceAll(mark, '')),
  ]);
  return new Request(url.href.replaceAll(mark, ''), {
    ...{ method, headers, redirect: 'manual' },
    ...(body && { body: body.replaceAll(mark, '') }),
  });
}

const basic = 'Basic ';

function decodeBasic(value: string): string {
  if (!value.startsWith(basic)) return value;
  return `${basic}${Buffer.from(value.slice(basic.length), 'base64').toString()}`;
}

function encodeBasic(value: string): string {
  if (!value.startsWith(basic)) return value;
  return `${basic}${Buffer.from(value.slice(basic.length)).toString('base64')}`;
}

/** A link's token is random, as it is signed: it would make every run another. */
function toShownPath({ pathname }: URL): string {
  return pathname.startsWith('/media/') ? '/media' : shorten(pathname);
}
