import { z } from 'zod';
import { defineErrors } from '../../kit/define-errors.ts';

const Body = z.object({ errors: z.array(z.object({ detail: z.string().nullish() })) });

/**
 * API v1 answers in JSON:API; a rejected token comes with an empty body. The text of 403 was seen by
 * others; a 409 is declared, and nothing that reads should meet it.
 * @see https://chorus.ai/api/openapi.json
 */
export const chorusErrors = defineErrors({
  byStatus: { 409: 'contract' },
  messages: {
    auth_invalid:
      'Chorus by ZoomInfo rejected the token: it is wrong, was revoked, or its user was deactivated. Make a new one in Personal Settings.',
    permission_denied:
      'Chorus by ZoomInfo denied access with this token: its user’s role may not see this. Use an admin’s token.',
  },
  read: ({ status, body }) => {
    const details = Body.safeParse(body).data?.errors.map(({ detail }) => detail ?? '') ?? [];
    const isForbidden = details.some((detail) => /API may not be called/i.test(detail));
    if (status !== 403 || !isForbidden) return null;
    const message =
      'Chorus by ZoomInfo denied access: the role of the token’s user may not use the API. An admin can allow it under Roles & permissions.';
    return { kind: 'permission_denied', message };
  },
});
