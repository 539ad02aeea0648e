import { z } from 'zod';
import { defineErrors } from '../../kit/define-errors.ts';
import type { FailedAnswer } from '../../kit/define-errors.ts';

/** The permissions of an app that imports; key pairs have them all. */
export const gongScopes = [
  'api:calls:read:extensive',
  'api:calls:read:media-url',
  'api:calls:read:transcript',
] as const;

const Body = z.object({
  requestId: z.string().nullish(),
  errors: z.array(z.string()).nullish(),
});

/**
 * A missing scope comes as 401 like a wrong key, and only the text tells them apart (recorded from the
 * live API in NangoHQ/integration-templates, June 2026). Expired cursors are known from amp-labs/connectors.
 */
export const gongErrors = defineErrors({
  byStatus: { 409: 'contract' },
  messages: {
    auth_invalid:
      'Gong rejected the credentials: they are wrong, expired or revoked, or belong to another API address. Compare the API base URL beside the access key in Gong with the one given here.',
    permission_denied: `Gong denied access: our addresses are not on the key’s list of trusted IPs, or our app lacks one of ${gongScopes.join(', ')}.`,
  },
  requestIdOf: (body) => Body.safeParse(body).data?.requestId,
  read: (answer) => {
    const text = toText(answer);
    const scope = /don't have permission to use '(api:[\w:-]+)'/i.exec(text)?.[1];
    if (scope !== undefined) {
      const message = `Gong denied access: the app lacks the scope ${scope}. A technical administrator of Gong can grant it.`;
      return { kind: 'permission_denied', message };
    }
    if (!/cursor has expired|failed to verify cursor/i.test(text)) return null;
    return { kind: 'conflict', message: 'Gong’s cursor has expired: its listing begins anew.' };
  },
});

/** Gong's 404 for "nothing found", read as the empty answer that it is; undefined for any other. */
export function toNothingFound(answer: FailedAnswer) {
  const isEmpty = /^No .* found .*provided filters/i.test(toText(answer));
  if (answer.status !== 404 || !isEmpty) return undefined;
  return { records: { totalRecords: 0 }, calls: [], callTranscripts: [] };
}

function toText({ body }: FailedAnswer): string {
  return Body.safeParse(body).data?.errors?.join('\n') ?? '';
}
