import { z } from 'zod';
import { defineErrors } from '../../kit/define-errors.ts';

/** What an access token needs; the two with a slash are for the files. */
export const zohoMeetingScopes = [
  ...['ZohoMeeting.recording.READ', 'ZohoMeeting.meetinguds.READ', 'ZohoFiles.files.READ'],
  ...['ZohoMeeting.meeting.READ', 'ZohoMeeting.manageOrg.READ'],
] as const;

/** The number is in one of two fields, the name in one of two others. */
const Body = z.object({
  error: z.object({
    code: z.union([z.string(), z.number()]).nullish(),
    errorCode: z.union([z.string(), z.number()]).nullish(),
    key: z.string().nullish(),
    message: z.string().nullish(),
  }),
});

const denied = `Zoho Meeting denied access: the grant lacks one of ${zohoMeetingScopes.join(', ')}, the user may not see this, or the plan includes neither recordings nor the API.`;

/**
 * A token that is wrong or expired, or of another data centre, comes as 400 and not as 401; a missing
 * permission as 401. @see https://www.zoho.com/meeting/api-integration/
 */
export const zohoMeetingErrors = defineErrors({
  messages: {
    auth_invalid:
      'Zoho Meeting rejected the access token: it has expired or was revoked, or it belongs to another data centre than the one given here. Compare the ending of the customer’s Zoho address.',
    permission_denied: denied,
  },
  read: ({ status, body }) => {
    const error = Body.safeParse(body).data?.error;
    if (error === undefined) return null;
    const code = String(error.errorCode ?? error.code ?? '');
    if (code === '2000' || error.message === 'INVALID_OAUTHTOKEN') return { kind: 'auth_invalid' };
    if (code === '3001' || error.key === 'UNAUTHORIZED_USER') return { kind: 'permission_denied' };
    if (error.key === 'INVALID_MEETING_KEY') return { kind: 'not_found' };
    if (status !== 403 || !/^\d{1,6}$/.test(code)) return null;
    return { kind: 'permission_denied', message: `${denied} Its code for that is ${code}.` };
  },
});
