import { toDigestKey } from '../digest-key.ts';
import type { Platform } from './import-context.ts';

/**
 * The deterministic id of a call and of its engagement, which makes "exactly once" true: a digest of
 * the three parts.
 */
export function toCallKey(call: {
  readonly customerId: string;
  readonly platform: Platform;
  readonly sourceCallId: string;
}): string {
  return toDigestKey([call.customerId, call.platform, call.sourceCallId]);
}
