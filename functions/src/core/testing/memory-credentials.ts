import { ImportError } from '../errors.ts';
import type { CredentialStore, StoredCredential } from '../credentials/credential-store.ts';

export interface MemoryCredentials {
  readonly store: CredentialStore;
  readonly stored: Map<string, StoredCredential>;
  /** The ids that `get` was asked for. */
  readonly reads: string[];
}

/** Credentials in memory; `decide` runs as a transaction does: on what is there, and again on its own write. */
export function createMemoryCredentials(): MemoryCredentials {
  const stored = new Map<string, StoredCredential>();
  const reads: string[] = [];
  const store: CredentialStore = {
    async create(credential) {
      if (stored.has(credential.id)) throw taken();
      stored.set(credential.id, structuredClone(credential));
    },
    async get(id) {
      reads.push(id);
      return structuredClone(stored.get(id) ?? null);
    },
    async transact(id, decide) {
      const first = decide(structuredClone(stored.get(id) ?? null));
      if (!first.credential) return first.result;
      stored.set(id, structuredClone(first.credential));
      // As after a commit whose answer was lost.
      return decide(structuredClone(stored.get(id) ?? null)).result;
    },
    async remove(id) {
      stored.delete(id);
    },
    async listOneOff(limit) {
      return [...stored.values()].filter(({ type }) => type === 'one_off').slice(0, limit);
    },
  };
  return { store, stored, reads };
}

function taken(): ImportError {
  const publicMessage = 'There is such a credential already.';
  return new ImportError({ kind: 'conflict', source: 'firestore', publicMessage });
}
