import { createHash } from 'node:crypto';
import { openBridgeDatabase, type BridgeDatabase } from '../../local/store/bridge-database.ts';
import { createApp, type App } from '../../src/app.ts';
import { manualSandboxCredentials } from '../../src/contexts/manual/manual.sandbox.ts';
import { sandboxOAuthApp } from '../../src/contexts/testing/sandbox-tokens.ts';
import type { Credentials } from '../../src/core/imports/import-context.ts';
import type { TaskQueue } from '../../src/core/ports.ts';
import { createMemoryObjectStore } from '../support/engine/memory-object-store.ts';
import { createRecordedLogs } from '../support/engine/recorded-logs.ts';
import { createTestSealer } from '../support/engine/test-sealer.ts';
import { createChance, type Chance } from './chance.ts';
import { createDeliveries, type Deliveries } from './delivery.ts';
import { planFaults, type FaultPlan } from './fault-plan.ts';
import { gateFirestore } from './firestore-transport.ts';
import { createFleet, type Fleet } from './fleet.ts';
import type { DeployedFunctions } from './functions-under-test.ts';
import { gateObjects, gateSealer, gateTasks } from './gated-ports.ts';
import { createGate, type Gate } from './gate.ts';
import { createHistory, type History, type SeenJob } from './history.ts';
import type { CustomersTruth } from './invariants.ts';
import { createNetwork } from './network.ts';
import { createPlatformAccount, type PlatformAccount } from './platform-account.ts';
import type { PlannedImport, Scenario } from './scenario.ts';
import { createChannel, createTimedTranscriber, type Channel } from './services.ts';
import { createRenewals, type Renewals } from './renewals.ts';
import { createStaff, type Staff } from './staff.ts';
import { createTrace, type Trace } from './trace.ts';
import { uploadRecordings } from './uploads.ts';

/** One seed's world, not yet begun. */
export interface World {
  readonly scenario: Scenario;
  readonly faults: FaultPlan;
  readonly faultCounts: ReadonlyMap<string, number>;
  readonly trace: Trace;
  readonly history: History;
  readonly fleet: Fleet;
  readonly deliveries: Deliveries;
  readonly accounts: readonly PlatformAccount[];
  readonly renewals: Renewals;
  readonly truths: readonly CustomersTruth[];
  readonly staff: Staff;
  readonly channel: Channel;
  readonly chance: Chance;
  /** Null: nobody asked for this job. */
  truthOf(job: Pick<SeenJob, 'requestedBy'>): CustomersTruth | null;
  /** Nothing that still runs does anything any more. */
  close(): void;
}

interface Place {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly faults: FaultPlan;
  readonly nowMs: () => number;
}

/** Builds everything that a seed says, with real stores, queues, contexts and functions. */
export async function openWorld(options: {
  readonly seed: number;
  readonly nowMs: () => number;
  readonly functions: DeployedFunctions;
  readonly scenario: Scenario;
}): Promise<World> {
  const { seed, nowMs, functions, scenario } = options;
  const faults = planFaults(createChance(seed, 'faults'), scenario.startMs);
  const place: Place = { seed, scenario, faults, nowMs };
  const trace = createTrace(nowMs);
  const faultCounts = new Map<string, number>();
  const late: { deliveries: Deliveries | null; isClosed: boolean } = {
    deliveries: null,
    isClosed: false,
  };
  const gate = createGate({
    ...{ nowMs, faults, trace, latency: createChance(seed, 'latency') },
    onFault: (type) => faultCounts.set(type, (faultCounts.get(type) ?? 0) + 1),
    isClosed: () => late.isClosed,
  });

  const history = createHistory({
    trace,
    onJobWritten: (jobId) => late.deliveries?.tellJobWritten(jobId),
  });
  const accounts = openAccounts(place);
  const renewals = createRenewals({
    ...{ nowMs, violate: history.violate },
    isRevoked: (secrets) => accounts.some((account) => account.secrets.isRevoked(secrets)),
  });
  const database = openBridgeDatabase({
    projectId: `simulation-${String(seed)}`,
    clock: { now: () => new Date(nowMs()) },
    onCommit: (commit) => {
      renewals.see(commit);
      history.see(commit);
    },
  });
  await gateFirestore(database.firestore, gate, createChance(seed, 'engine'));
  const channel = createChannel(gate);
  const tasks: TaskQueue = {
    enqueue: (task) => {
      if (!late.deliveries) throw new Error('The queue is not open yet.');
      return late.deliveries.tasks.enqueue(task);
    },
  };
  const buildApp = await createAppBuilder(place, {
    ...{ gate, database, accounts, renewals, channel, tasks },
  });
  const chance = createChance(seed, 'queue');
  const fleet = createFleet({ size: scenario.instances, createApp: buildApp.build, chance, trace });
  const deliveries = await createDeliveries({ nowMs, faults, chance, fleet, functions, trace });
  late.deliveries = deliveries;
  const plannedFor = (requestedBy: string): PlannedImport | null =>
    scenario.imports.find((planned) => planned.requestedBy === requestedBy) ?? null;
  const platformTruths = toTruths(scenario, accounts);
  const truths = buildApp.uploads
    ? [...platformTruths.values(), buildApp.uploads]
    : [...platformTruths.values()];
  const staff = createStaff({
    ...{ fleet, trace, history, chance: createChance(seed, 'staff') },
    credentialsFor: ({ account }) => toCredentials(accounts, account),
    isKept: ({ account }) => account !== null && scenario.accounts[account]?.isKept === true,
    plannedFor,
  });
  return {
    ...{ scenario, faults, faultCounts, trace, history, fleet, deliveries, accounts, truths },
    ...{ staff, channel, chance, renewals },
    truthOf: ({ requestedBy }) => {
      const planned = plannedFor(requestedBy);
      if (!planned) return null;
      if (planned.account === null) return buildApp.uploads;
      return platformTruths.get(`${planned.customerId} ${String(planned.account)}`) ?? null;
    },
    close: () => {
      // The store is left to the garbage collector: whatever runs in it would find its client gone.
      late.isClosed = true;
    },
  };
}

function openAccounts({ seed, scenario, faults, nowMs }: Place): readonly PlatformAccount[] {
  const chance = createChance(seed + 1_000_003, 'faults');
  const freshMs = 3 * 3_600_000;
  return scenario.accounts.map(({ isFresh, ...planned }, index) =>
    createPlatformAccount({
      ...{ ...planned, name: `a${String(index)}` },
      ...{ nowMs, faults, chance },
      seed: seed * 10 + index,
      createdAt: new Date(scenario.startMs - (isFresh ? 0 : freshMs)),
    }),
  );
}

function toTruths(
  { imports }: Scenario,
  accounts: readonly PlatformAccount[],
): ReadonlyMap<string, CustomersTruth> {
  const truths = new Map<string, CustomersTruth>();
  for (const { customerId, account } of imports) {
    const found = account === null ? undefined : accounts[account];
    if (!found) continue;
    const { platform, truth: calls, removed } = found;
    truths.set(`${customerId} ${String(account)}`, {
      customerId,
      platform,
      calls,
      removed,
    });
  }
  return truths;
}

function toCredentials(accounts: readonly PlatformAccount[], account: number | null): Credentials {
  if (account === null) return manualSandboxCredentials;
  return accounts[account]?.secrets.issue() ?? {};
}

/** Each instance has an app of its own, with its own caches, over the services that all share. */
async function createAppBuilder(
  { seed, scenario, nowMs, faults }: Place,
  shared: {
    readonly gate: Gate;
    readonly database: BridgeDatabase;
    readonly accounts: readonly PlatformAccount[];
    readonly renewals: Renewals;
    readonly channel: Channel;
    readonly tasks: TaskQueue;
  },
): Promise<{ readonly build: () => App; readonly uploads: CustomersTruth | null }> {
  const { gate, database, accounts, renewals, channel } = shared;
  const clock = { now: () => new Date(nowMs()) };
  const bucket = createMemoryObjectStore();
  const files = scenario.uploads;
  const uploads =
    files > 0 ? await uploadRecordings(bucket, { files, seed, now: () => clock.now() }) : null;
  const objects = gateObjects(bucket, gate);
  const sealer = gateSealer(createTestSealer(), { gate, renewals });
  const queue = gateTasks(shared.tasks, gate);
  const chance = createChance(seed, 'engine');
  const speech = { loseRate: chance.pick([0, 0.1]), deafRate: chance.pick([0, 0.05]) };
  const transcriber = createTimedTranscriber({ nowMs, gate, chance, ...speech });
  const fetch = createNetwork({ accounts, renewals, gate });
  const allowedOrigins = accounts.map((account) => account.mediaOrigin);
  const { logs } = createRecordedLogs();
  const createId = createIds(seed);
  const isOver = () => nowMs() >= faults.endsAtMs;
  const build = () =>
    createApp({
      settings: () => scenario.settings,
      db: () => database.firestore,
      objects: async () => objects,
      queue: async () => queue,
      transcriber: async () => transcriber,
      sealer: async () => sealer,
      messenger: async () => channel.messenger,
      verifyCaller: () => Promise.reject(new Error('Nobody signs in here.')),
      environment: () => ({ fetch, allowedOrigins, oauthApp: sandboxOAuthApp }),
      statusUrl: () => null,
      // After the faults the longest waits of chance would only cost time.
      random: () => (isOver() ? 0.5 : chance.next()),
      ...{ clock, createId, logs },
    });
  return { build, uploads };
}

function createIds(seed: number): () => string {
  let count = 0;
  return () => {
    count += 1;
    return createHash('sha256')
      .update(`${String(seed)} ${String(count)}`)
      .digest('hex')
      .slice(0, 20);
  };
}
