import type { Clock } from '../../core/ports.ts';
import type { KeyWrapper } from './envelope.ts';

const maxKeys = 1_000;

/**
 * A wrapper that asks once for a data key that is used all the time: an import opens its credential
 * for every call, and each opening would be a paid request. Keys stay in memory alone, for `keepMs`,
 * and are overwritten when they go. Whoever asks at the same time shares the answer; a failure is not kept.
 */
export function rememberDataKeys(
  wrapper: KeyWrapper,
  { clock, keepMs }: { readonly clock: Clock; readonly keepMs: number },
): KeyWrapper {
  /** Oldest first. */
  const known = new Map<string, { readonly at: number; readonly dataKey: Promise<Buffer> }>();

  function forget(id: string): void {
    const entry = known.get(id);
    known.delete(id);
    entry?.dataKey.then(
      (dataKey) => dataKey.fill(0),
      () => undefined,
    );
  }

  function forgetOld(nowMs: number): void {
    for (const [id, { at }] of known) {
      if (nowMs - at < keepMs && known.size < maxKeys) return;
      forget(id);
    }
  }

  return {
    wrap: (dataKey, additionalData) => wrapper.wrap(dataKey, additionalData),
    async unwrap(wrapped) {
      const nowMs = clock.now().getTime();
      forgetOld(nowMs);
      const { keyVersion, wrappedKey, additionalData } = wrapped;
      // Only a question that is the same in every byte has the same answer.
      const id = [
        keyVersion,
        wrappedKey.toString('base64'),
        additionalData.toString('base64'),
      ].join();
      let entry = known.get(id);
      if (!entry) {
        entry = { at: nowMs, dataKey: wrapper.unwrap(wrapped) };
        known.set(id, entry);
        entry.dataKey.catch(() => known.delete(id));
      }
      // A copy: whoever opens a secret overwrites the key that it used.
      return Buffer.from(await entry.dataKey);
    },
  };
}
