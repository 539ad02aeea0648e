import { defineErrors } from '../../kit/define-errors.ts';
import type { FailedAnswer } from '../../kit/define-errors.ts';

/** Statuses mean what they usually do; Fathom does not document what a failed answer's body holds. */
export const fathomErrors = defineErrors({
  messages: {
    auth_invalid:
      'Fathom rejected the credentials: the API key was deleted, or the user has disconnected our app. Make a new key under User settings, API access, or connect again.',
    permission_denied:
      'Fathom denied access with these credentials: their owner may not see what we asked for.',
  },
});

/** A share that forbids downloads (403), or a meeting without media (422): imported by its transcript. */
export function toNoMedia({ status }: FailedAnswer) {
  return status === 403 || status === 422 ? { status: 'none' } : undefined;
}

/** A download that was forgotten, or that other credentials asked for: as good as an expired one. */
export function toExpired({ status }: FailedAnswer) {
  return status === 404 ? { status: 'expired' } : undefined;
}
