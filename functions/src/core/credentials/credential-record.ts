import type { Platform } from '../imports/import-context.ts';

/** How the platform answered when the credential was last tried. An outage is no answer. */
export interface CredentialTrial {
  readonly at: Date;
  readonly outcome: 'valid' | 'invalid';
  /** The platform's reason for `invalid`. */
  readonly reason: string | null;
}

/** What staff noted of a credential, and what came of trying it. */
export interface CredentialNotes {
  readonly label: string | null;
  readonly createdBy: string | null;
  /** When the customer says that it ends; null: not known. */
  readonly expiresAt: Date | null;
  readonly lastCheck: CredentialTrial | null;
}

/** All that may be shown of a credential: nothing of what it consists of. */
export interface CredentialRecord extends CredentialNotes {
  readonly id: string;
  readonly customerId: string;
  readonly platform: Platform;
  /** `one_off`: destroyed when its job ends. */
  readonly type: 'one_off' | 'stored';
  /** The key that it is sealed under. */
  readonly keyVersion: string;
  readonly createdAt: Date;
}

/** The vault's catalogue: reads what may be shown, and can open nothing. */
export interface CredentialRecords {
  get(id: string): Promise<CredentialRecord | null>;
  /** Newest first. */
  list(query: CredentialQuery): Promise<readonly CredentialRecord[]>;
  /** Overwrites the trial before; one that was destroyed meanwhile stays so. */
  recordCheck(id: string, trial: CredentialTrial): Promise<void>;
}

export interface CredentialQuery {
  readonly customerId: string;
  readonly platform: Platform | null;
  readonly limit: number;
  /** The last record of the page before. */
  readonly after: { readonly createdAt: Date; readonly id: string } | null;
}
