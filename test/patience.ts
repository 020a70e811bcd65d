import { vi } from 'vitest';

/**
 * Milliseconds that a condition is awaited when a test does not say: a test on real servers must not fail because
 * the machine is busy. Vitest's own second is enough for what happens within one process.
 */
const PATIENCE = 10_000;

const { waitFor } = vi;
vi.waitFor = (callback, options = PATIENCE) => waitFor(callback, options);
