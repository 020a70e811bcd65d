/**
 * Milliseconds for which a condition is awaited at least: a test must not fail because the machine is busy. `expect.poll`
 * has it from vitest.config.ts, `vi.waitFor` from patience.ts.
 */
export const PATIENCE = 120_000;
