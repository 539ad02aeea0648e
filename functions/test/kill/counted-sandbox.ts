import { createGrainSandbox } from '../../src/contexts/grain/grain.sandbox.ts';
import type { GrainSandbox } from '../../src/contexts/grain/grain.sandbox.ts';
import { serveSandbox } from '../../src/kit/sandbox.ts';

export interface CountedSandbox {
  readonly sandbox: GrainSandbox;
  readonly origin: string;
  /** Bytes of recordings that answers have promised so far; a cut-off download counts whole. */
  sentBytes(): number;
  close(): Promise<void>;
}

const mediaBytes = 20_000;
/** The limiter is not what this is about. */
const requestsPerMinute = 10_000_000;

/** Serves a Grain account whose recordings are small, and counts what is downloaded of them. */
export async function serveCountedSandbox(options: {
  readonly calls: number;
  readonly seed: number;
  readonly now: () => Date;
}): Promise<CountedSandbox> {
  const sandbox = createGrainSandbox({ ...options, mediaBytes, requestsPerMinute });
  let sentBytes = 0;
  const fetch = async (request: Request): Promise<Response> => {
    const response = await sandbox.fetch(request);
    const isMedia = new URL(request.url).pathname.startsWith('/media/');
    if (isMedia && response.ok) sentBytes += Number(response.headers.get('content-length'));
    return response;
  };
  const { origin, close } = await serveSandbox({ fetch }, { port: 0 });
  return { sandbox, origin, sentBytes: () => sentBytes, close };
}
