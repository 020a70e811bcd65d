/**
 * The least number of milliseconds for which a condition is awaited: a test must not fail because the machine is busy.
 * `expect.poll` gets it from vitest.config.ts, `vi.waitFor` from patience.ts.
 */
export const PATIENCE = 120_000;
