import type { CredentialNotes } from './credential-record.ts';
import type { Platform } from '../imports/import-context.ts';
import type { SealedSecret } from '../ports.ts';

export interface StoredCredential extends CredentialNotes {
  readonly id: string;
  readonly customerId: string;
  readonly platform: Platform;
  readonly type: 'one_off' | 'stored';
  readonly sealed: SealedSecret;
  /** Counts what was sealed, from 1: a refresh makes the next one, a new wrapping of the same does not. */
  readonly version: number;
  /** Who exchanges the refresh token at the moment; null: nobody does. */
  readonly refreshLease: RefreshLease | null;
  readonly createdAt: Date;
}

export interface RefreshLease {
  readonly holder: string;
  readonly expiresAt: Date;
}

export interface CredentialStore {
  create(credential: StoredCredential): Promise<void>;
  get(id: string): Promise<StoredCredential | null>;
  /**
   * Runs `decide` inside one transaction on what is stored, and writes what it returns unless that is
   * null. It may run several times, also on what a commit whose answer was lost has written.
   */
  transact<T>(
    id: string,
    decide: (found: StoredCredential | null) => {
      readonly credential: StoredCredential | null;
      readonly result: T;
    },
  ): Promise<T>;
  remove(id: string): Promise<void>;
  /** Oldest first; a record that can't be read is reported and left out. */
  listOneOff(limit: number): Promise<readonly Omit<StoredCredential, 'sealed'>[]>;
}

/** Which credential, and whose it must be. */
export interface CredentialOwner {
  readonly id: string;
  readonly customerId: string;
  readonly platform: Platform;
}
