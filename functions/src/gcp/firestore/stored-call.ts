import type { ImportedCall } from '../../core/imports/imported-call.ts';
import { toSearchTerms } from '../../core/imports/search-terms.ts';

/** A call as it is stored: with what it is found by, which follows from the rest and only queries read. */
export function toStoredCall(call: ImportedCall) {
  return { ...call, searchTerms: toSearchTerms(call.metadata) };
}
