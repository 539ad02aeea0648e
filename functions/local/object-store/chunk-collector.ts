const collectEveryBytes = 16 * 1024 * 1024;

/**
 * Frees the chunks of large objects after so many bytes. They lie outside of V8's heap, where each
 * is but a few words: until those fill the young generation, two gigabytes may pass by and stay. Does
 * nothing in a process without `--expose-gc`.
 */
export function createChunkCollector(): (sizeBytes: number) => void {
  let passedBytes = 0;
  return (sizeBytes) => {
    passedBytes += sizeBytes;
    if (passedBytes < collectEveryBytes) return;
    passedBytes = 0;
    globalThis.gc?.({ type: 'minor' });
  };
}
