import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One thing broken on purpose, to see whether the simulation notices. */
export interface Break {
  readonly what: string;
  readonly edits: readonly {
    /** Below `functions/src`. */
    readonly file: string;
    /** Occurs there exactly once. */
    readonly from: string;
    readonly to: string;
  }[];
}

/** Each is a plausible mistake in one of the rules on which "exactly once" and "to its end" rest. */
export const breaks = {
  'no-epoch-check': {
    what: 'the completing transaction does not check the epoch',
    edits: [
      {
        file: 'core/imports/complete-call.ts',
        from: 'if (!call || call.lease.epoch !== lease.epoch) return',
        to: 'if (!call) return',
      },
    ],
  },
  'lost-tasks-stay-lost': {
    what: 'nobody looks for calls whose task was lost',
    edits: [
      {
        file: 'core/imports/reconcile.ts',
        from: "steps.push({ type: 'check_overdue' });",
        to: '',
      },
      {
        file: 'core/imports/reconcile.ts',
        from: "steps.push({ type: 'redispatch', belowPage: redispatch.page });",
        to: '',
      },
    ],
  },
  'counters-outside': {
    what: 'counters are incremented after the completing transaction, not inside it',
    edits: [
      {
        file: 'gcp/firestore/call-transactor.ts',
        from: 'moveTotals(writes, collections, { jobId: after.jobId, shardKey: target.callKey, delta });\n}',
        to: 'late.push({ jobId: after.jobId, shardKey: target.callKey, delta });\n}\n\nconst late: Parameters<typeof moveTotals>[2][] = [];',
      },
      {
        file: 'gcp/firestore/call-transactor.ts',
        from: '  return (target, decide) =>\n    translated(async () => {',
        to: "  const change: CallStore['transact'] = (target, decide) =>\n    translated(async () => {",
      },
      {
        file: 'gcp/firestore/call-transactor.ts',
        from: '    });\n}\n\ntype Reader',
        to: '    });\n  return async (target, decide) => {\n    const result = await change(target, decide);\n    for (const totals of late.splice(0)) {\n      await inTransaction(db, async (transaction) => moveTotals(transaction, collections, totals));\n    }\n    return result;\n  };\n}\n\ntype Reader',
      },
    ],
  },
  'ambiguous-is-failed': {
    what: 'a commit whose answer was lost counts as failed, and what it did is not read again',
    edits: [
      {
        file: 'gcp/firestore/documents.ts',
        from: '{ maxAttempts: 8 }',
        to: '{ maxAttempts: 1 }',
      },
      {
        file: 'gcp/firestore/call-transactor.ts',
        from: 'if (isRefusalOfCommit(error)) return null;',
        to: '',
      },
      {
        file: 'core/imports/process-call.ts',
        from: ', known: claim.call }, ({ call }) => {\n    if (!call || call.lease.epoch !== lease.epoch) return { call: null, result: false };',
        to: ' }, () => {\n    const { call } = claim;',
      },
    ],
  },
  'no-lease-on-calls': {
    what: 'a call is claimed though somebody else has it',
    edits: [
      {
        file: 'core/imports/claim-call.ts',
        from: 'if (expiresAt && expiresAt > now) return expiresAt;',
        to: '',
      },
    ],
  },
  'cursor-without-calls': {
    what: 'the cursor of a listing is stored before its calls, not together with them',
    edits: [
      {
        file: 'gcp/firestore/imported-calls.ts',
        from: 'if (decision.job) transaction.set(jobReference, decision.job);',
        to: 'if (decision.job) await jobReference.set(decision.job);',
      },
    ],
  },
  'watermark-first': {
    what: 'nobody dispatches again what waits below the watermark, which moves though tasks failed',
    edits: [
      {
        file: 'core/imports/job-steps.ts',
        from: 'await enqueueCalls(run, callKeys, `p${index}`);',
        to: 'await enqueueCalls(run, callKeys, `p${index}`).catch(() => undefined);',
      },
      {
        file: 'core/imports/reconcile.ts',
        from: "steps.push({ type: 'redispatch', belowPage: redispatch.page });",
        to: '',
      },
    ],
  },
  'credentials-kept': {
    what: 'a one-off credential that a crash left behind is not destroyed by the sweep',
    edits: [
      {
        file: 'core/imports/sweep.ts',
        from: 'await engine.vault.destroy(id);',
        to: '',
      },
    ],
  },
  'tokens-used-unstored': {
    what: 'new tokens are used without having been stored',
    edits: [
      {
        file: 'core/credentials/refresh.ts',
        from: 'return storeRenewed(parts, { owner, renewed, version: stored.version });',
        to: 'return { stored, credentials: renewed };',
      },
    ],
  },
  'no-lease-on-renewals': {
    what: 'tokens are renewed though somebody else is at it',
    edits: [
      {
        file: 'core/credentials/refresh.ts',
        from: 'if (held && !isOurs && held.expiresAt > now) {',
        to: 'if (held && !isOurs && held.expiresAt < new Date(0)) {',
      },
    ],
  },
  'torn-downloads': {
    what: 'a recording that ended early is stored as if it were whole',
    edits: [
      {
        file: 'core/imports/store-media.ts',
        from: 'expectedBytes: stream.sizeBytes,',
        to: 'expectedBytes: null,',
      },
      {
        file: 'kit/media-download.ts',
        from: 'if (sizeBytes === null || receivedBytes === sizeBytes) return;',
        to: 'return;',
      },
    ],
  },
} as const satisfies Record<string, Break>;

export type BreakName = keyof typeof breaks;

/** True for the name of a break. */
export function isBreak(name: string): name is BreakName {
  return Object.hasOwn(breaks, name);
}

const functionsFolder = join(import.meta.dirname, '../..');
const copied = ['src', 'local', 'test/simulation', 'test/support', 'package.json'];

/** A copy of the sources with something broken. */
export interface BrokenCopy {
  /** Where the copy's simulation is. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** Breaks a temporary copy. @throws Error when the code to break is no longer what it was */
export async function createBrokenCopy(name: BreakName): Promise<BrokenCopy> {
  const root = await mkdtemp(join(tmpdir(), 'simulation-'));
  const target = join(root, 'functions');
  await mkdir(target);
  for (const path of copied) {
    await cp(join(functionsFolder, path), join(target, path), { recursive: true });
  }
  await symlink(join(functionsFolder, '../node_modules'), join(root, 'node_modules'));
  for (const { file, from, to } of breaks[name].edits) {
    await edit(join(target, 'src', file), { from, to, name });
  }
  return {
    folder: join(target, 'test/simulation'),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** The breaks whose code is no longer what it was. */
export async function findStaleBreaks(): Promise<readonly BreakName[]> {
  const names = Object.keys(breaks).filter(isBreak);
  const checked = await Promise.all(
    names.map(async (name) => {
      const edits: Break['edits'] = breaks[name].edits;
      const sources = await Promise.all(
        edits.map(({ file }) => readFile(join(functionsFolder, 'src', file), 'utf8')),
      );
      const isFresh = edits.every(({ from }, at) => sources[at]?.split(from).length === 2);
      return isFresh ? [] : [name];
    }),
  );
  return checked.flat();
}

async function edit(
  path: string,
  { from, to, name }: { readonly from: string; readonly to: string; readonly name: string },
): Promise<void> {
  const source = await readFile(path, 'utf8');
  if (source.split(from).length !== 2) {
    throw new Error(`The break ${name} no longer fits ${path}: it looks for "${from}" once.`);
  }
  await writeFile(
    path,
    source.replace(from, () => to),
  );
}
