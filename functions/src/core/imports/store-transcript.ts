import type { ObjectStore } from '../ports.ts';
import type { SourceTranscript, Transcript } from './source-call.ts';

export interface TranscriptRecord {
  readonly key: string;
  readonly sourceKey: string;
  readonly transcript: Transcript;
}

/** The folder of everything that is stored for a call. */
export function toCallFolder(call: {
  readonly customerId: string;
  readonly callKey: string;
}): string {
  return `customers/${call.customerId}/calls/${call.callKey}`;
}

/**
 * Writes the normalised transcript and the platform's own beside it. The keys follow from the call,
 * so that a second execution replaces the same two objects.
 */
export async function storeTranscript(
  objects: ObjectStore,
  call: { readonly customerId: string; readonly callKey: string } & SourceTranscript,
): Promise<TranscriptRecord> {
  const { key, sourceKey } = toTranscriptKeys(call);
  await Promise.all([
    objects.writeJson(key, call.transcript),
    objects.writeJson(sourceKey, call.original),
  ]);
  return { key, sourceKey, transcript: call.transcript };
}

/** Where a call's transcripts lie. */
export function toTranscriptKeys(call: { readonly customerId: string; readonly callKey: string }): {
  readonly key: string;
  readonly sourceKey: string;
} {
  const folder = toCallFolder(call);
  return { key: `${folder}/transcript.json`, sourceKey: `${folder}/transcript.source.json` };
}
