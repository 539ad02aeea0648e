import fc from 'fast-check';

/**
 * fast-check as our tests use it: the same values at every run, so that a build fails only for what
 * it changed. `PROPERTY_SEED=<any number> PROPERTY_RUNS=100000` looks elsewhere, and longer.
 */
const { PROPERTY_SEED: seed = '20260101', PROPERTY_RUNS: runs } = process.env;
fc.configureGlobal({ seed: Number(seed), ...(runs !== undefined && { numRuns: Number(runs) }) });

export { fc };
