import type { Engine } from '../engine.ts';
import { ImportError, toImportError } from '../errors.ts';
import { decideSchedule, estimateCalls } from './estimate-import.ts';
import type { ImportRequest } from './create-import.ts';
import {
  toRequestsPerCall,
  type Credentials,
  type ImportContext,
  type PlatformAccount,
} from './import-context.ts';
import { planImport } from './import-plan.ts';
import { keepWhatWorks, verify } from './job-credentials.ts';
import { describePreview, type PreviewFigures } from './preview-summary.ts';
import { priceCalls, toPrice } from './pricing.ts';

/** What an import would cost and when it would be done. */
export interface ImportPreview extends PreviewFigures {
  readonly schedule: 'now' | 'nightly';
  /** The account may not be asked before; null: at once. */
  readonly limitedUntil: Date | null;
  /** All of it in one sentence. */
  readonly summary: string;
}

type PreviewRequest = Omit<ImportRequest, 'id' | 'requestedBy'>;

const maxJobs = 500;

/**
 * Plans an import without creating anything: the platform is asked as `createImport` asks it.
 * @throws as `createImport`
 */
export async function previewImport(
  engine: Engine,
  context: ImportContext,
  request: PreviewRequest,
): Promise<ImportPreview> {
  const { calls, account: known } = await askPlatform(engine, context, request);
  const schedule = decideSchedule(engine, { schedule: request.schedule, calls });
  const { key, rateLimits, quotaTimeZone } = known;
  const { requestsPerSecond, requestsPerDay } = rateLimits;
  const { settings, clock } = engine;
  const now = clock.now();
  const budget = await engine.budgets.get(key);
  const { platform, displayName } = context;
  const { customerQuotaShare } = settings;
  const account = { key, platform, requestsPerSecond, requestsPerDay, quotaTimeZone };
  const plan =
    calls === null
      ? null
      : planImport({
          ...{ calls, budget, schedule, settings, now },
          account: { ...account, customerQuotaShare },
          requestsPerCall: toRequestsPerCall(rateLimits),
          otherCustomers:
            schedule === 'nightly' ? await countOthers(engine, request.customerId) : 0,
        });
  const blockedUntil = budget?.blockedUntil ?? now;
  const preview = {
    ...{ calls, schedule, plan, requestsPerDay },
    limitedUntil: blockedUntil > now ? blockedUntil : null,
    price: priceCalls(toPrice(settings.prices, platform), calls),
  };
  const { timeZone } = settings.night;
  return { ...preview, summary: describePreview(preview, { displayName, timeZone, now }) };
}

/** Stored credentials are opened, and renewed where that is due; those that were sent are kept nowhere. */
async function askPlatform(
  engine: Engine,
  context: ImportContext,
  request: PreviewRequest,
): Promise<{ readonly calls: number | null; readonly account: PlatformAccount }> {
  const ask = async (credentials: Credentials) => ({
    calls: await estimateCalls(engine, context, { ...request, credentials }),
    account: context.accountOf(credentials),
  });
  if (request.credentialId === undefined) {
    return ask(await verifyAsSent(context, request.credentials ?? {}));
  }
  return (await keepWhatWorks(engine, { ...request, context }, ask)).result;
}

/** Renewing might use a refresh token up, and what came of it would be lost with the preview. */
async function verifyAsSent(
  context: ImportContext,
  credentials: Credentials,
): Promise<Credentials> {
  try {
    return await verify(context, credentials);
  } catch (error) {
    const { kind, source, publicMessage } = toImportError(error, context.platform);
    if (kind !== 'auth_invalid' || !context.findRenewal?.(credentials)) throw error;
    throw new ImportError({
      ...{ kind, source, cause: error },
      publicMessage: `${publicMessage} A preview renews no access token: send one that still works, or keep the credentials (POST /admin/credentials) and name them.`,
    });
  }
}

/** Other customers whose nightly imports have not ended: the night is shared with them. */
async function countOthers({ jobs }: Engine, customerId: string): Promise<number> {
  const open = await jobs.listByStatus(['queued', 'counting', 'in_progress'], maxJobs);
  const nightly = open.filter((job) => job.config.schedule === 'nightly');
  const customers = new Set(nightly.map((job) => job.customerId));
  customers.delete(customerId);
  return customers.size;
}
