import { createRecorder, toFetch } from './fault-fetch.ts';
import { createFakeClock } from './fake-clock.ts';
import type { Check, ContractOptions, Suite } from './check.ts';
import type { DefinedContext } from '../context.ts';
import { createUnlimitedRateLimiter } from '../../kit/rate-limiter.ts';
import { capabilityChecks } from './checks/capabilities.ts';
import { credentialChecks } from './checks/credentials.ts';
import { faultChecks } from './checks/faults.ts';
import { fetchingChecks } from './checks/fetching.ts';
import { limitChecks } from './checks/limits.ts';
import { listingChecks } from './checks/listing.ts';
import { mappingChecks } from './checks/mapping.ts';
import { mediaChecks } from './checks/media.ts';
import { renewalChecks } from './checks/renewal.ts';
import { transportChecks } from './checks/transport.ts';
import { sandboxOAuthApp } from './sandbox-tokens.ts';

const groups: Readonly<Record<string, readonly Check[]>> = {
  credentials: credentialChecks,
  listing: listingChecks,
  mapping: mappingChecks,
  fetching: fetchingChecks,
  media: mediaChecks,
  faults: faultChecks,
  transport: transportChecks,
  limits: limitChecks,
  capabilities: capabilityChecks,
  renewal: renewalChecks,
};

/**
 * Asks of an adapter what the engine relies on. A skip names checks or whole groups, and its reason
 * is printed; one that names nothing fails.
 */
export function testContext(definition: DefinedContext, options: ContractOptions): void {
  const suite = createSuite(definition, options);
  const skip = definition.isRenewable ? options.skip : [...options.skip, nothingToRenew];
  const reasons = new Map(
    skip.flatMap(({ reason, tests }) => tests.map((test) => [test, reason] as const)),
  );
  describe(`the contract of the context ${definition.platform}`, () => {
    for (const [group, checks] of Object.entries(groups)) {
      describe(group, () => {
        for (const { name, run } of checks) {
          const reason = reasons.get(name) ?? reasons.get(group);
          // What a platform can't do is shown with its declared reason, rather than left out.
          if (reason === undefined) it(name, () => run(suite));
          else it.skip(`${name} (skipped: ${reason})`, () => undefined);
        }
      });
    }
    it('skips only what there is', () => {
      const names = Object.entries(groups).flatMap(([group, checks]) => [
        group,
        ...checks.map((check) => check.name),
      ]);
      expect([...reasons.keys()].filter((name) => !names.includes(name))).toEqual([]);
    });
  });
}

const nothingToRenew = { reason: 'its credentials do not expire', tests: ['renewal'] };

function createSuite(definition: DefinedContext, options: ContractOptions): Suite {
  const { credentials } = options;
  const apiOrigin = new URL(definition.baseUrl ?? 'https://sandbox.invalid').origin;
  return {
    definition,
    options,
    credentials,
    open: (wanted = {}) => {
      const clock = createFakeClock();
      const now = wanted.environment?.clock?.now ?? (() => clock.now());
      const sandbox = options.sandbox({
        calls: wanted.calls ?? 12,
        seed: 7,
        now,
        pageSize: wanted.pageSize ?? 5,
        requestsPerMinute: wanted.requestsPerMinute ?? 1_000_000,
        faults: (wanted.faults ?? []).filter((fault) => fault !== undefined),
        origin: () => apiOrigin,
      });
      const wrap = wanted.wrap ?? ((fetch) => fetch);
      const { fetch, seen } = createRecorder(wrap(toFetch(sandbox)));
      const context = definition.create({
        clock,
        sleep: clock.sleep,
        random: () => 0.5,
        fetch,
        createRateLimiter: createUnlimitedRateLimiter,
        pageSize: wanted.pageSize ?? 5,
        oauthApp: sandboxOAuthApp,
        ...wanted.environment,
      });
      return { context, sandbox, clock, seen };
    },
  };
}
