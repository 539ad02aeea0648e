import { createRequire } from 'node:module';

/** What the SDK offers to its own tests. */
interface Backoff {
  setTimeoutHandler(handler: (resume: () => void, ms: number) => void): void;
}

const shortening = 200;

/**
 * The SDK waits seconds before it tries a contended transaction again. Here contention is made on
 * purpose, thousands of times, by one process that has nobody to be considerate of.
 */
export function shortenFirestoreBackoff(): void {
  const load = createRequire(import.meta.url);
  // `setTimeoutHandler` of 7.11: a version without it fails here.
  const { setTimeoutHandler } = load('@google-cloud/firestore/build/src/backoff') as Backoff;
  setTimeoutHandler((resume, ms) => setTimeout(resume, ms / shortening));
}
