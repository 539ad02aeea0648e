/** Who may call the admin API: support starts, watches, retries and cancels; admin also manages. */
export const roles = ['support', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface Caller {
  readonly id: string;
  readonly email: string | null;
  readonly role: Role;
}

/** What a valid token says of its bearer; `role` as it stands there. */
export interface Identity {
  readonly id: string;
  readonly email: string | null;
  readonly role: string | null;
}

/** Null: the token is not valid. @throws `unavailable` when that can't be found out */
export type VerifyCaller = (token: string) => Promise<Identity | null>;

/** The caller that an identity is, or null when its role may not call the admin API. */
export function toCaller(identity: Identity): Caller | null {
  const role = roles.find((known) => known === identity.role);
  return role ? { id: identity.id, email: identity.email, role } : null;
}
