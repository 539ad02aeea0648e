import type { ImportPreview } from '../../core/imports/preview-import.ts';
import type { PreviewView } from './schemas.ts';

/** A preview as the API shows it. */
export function toPreviewView(preview: ImportPreview): PreviewView {
  const { calls, schedule, plan, requestsPerDay, limitedUntil, price, summary } = preview;
  const { completion = null, quotaShare = null } = plan ?? {};
  return {
    calls,
    requests: plan?.requests ?? null,
    schedule,
    nights: plan?.nights ?? null,
    completion: completion && {
      earliest: completion.earliest.toISOString(),
      latest: completion.latest.toISOString(),
    },
    quota: requestsPerDay === null ? null : { requestsPerDay, share: quotaShare },
    limitedUntil: limitedUntil?.toISOString() ?? null,
    price,
    summary,
  };
}
