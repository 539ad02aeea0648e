import { z } from 'zod';
import { defineGraphqlErrors } from '../../kit/graphql.ts';

const Limit = z.object({ metadata: z.object({ retryAfter: z.number() }) });

/**
 * Errors come under HTTP 200 or a status of their own, which misleads: a rejected key was seen as a
 * 500. The code decides.
 * @see https://docs.fireflies.ai/miscellaneous/error-codes
 */
export const firefliesErrors = defineGraphqlErrors({
  kindsByCode: {
    ...{ invalid_arguments: 'bad_request', args_required: 'bad_request' },
    auth_failed: 'auth_invalid',
    ...{ require_ai_credits: 'payment_required', paid_required: 'payment_required' },
    account_cancelled: 'payment_required',
    ...{ forbidden: 'permission_denied', not_in_team: 'permission_denied' },
    require_elevated_privilege: 'permission_denied',
    object_not_found: 'not_found',
    request_timeout: 'timeout',
    too_many_requests: 'rate_limited',
    invariant_violation: 'unavailable',
  },
  messages: {
    auth_invalid:
      'Fireflies.ai rejected the API key: it is wrong or was revoked. Copy the key from Integrations, Fireflies API.',
    permission_denied:
      'Fireflies.ai denied access with this API key. Use an admin’s key: another sees only its owner’s meetings.',
    payment_required:
      'Fireflies.ai asks for another plan, for credits, or the account was cancelled. Check the customer’s plan there.',
  },
  // Epoch milliseconds; a Retry-After header is not documented.
  findRetryAt: ({ extensions }) => {
    const limit = Limit.safeParse(extensions);
    return limit.success ? new Date(limit.data.metadata.retryAfter) : null;
  },
});
