import { defineErrors } from '../../kit/define-errors.ts';

/**
 * Grain documents no errors: statuses mean what they usually do, bodies come in at least four shapes
 * and are not read. Seen in public clients only, November 2025.
 */
export const grainErrors = defineErrors({
  messages: {
    auth_invalid:
      'Grain rejected the access token: it is wrong or was revoked. Make a new workspace access token under Settings, Integrations, API.',
    permission_denied:
      'Grain denied access with this token. Use a workspace access token: a personal one sees only its owner’s recordings.',
  },
});
