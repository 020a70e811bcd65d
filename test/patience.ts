import { vi } from 'vitest';

/**
 * Milliseconds that a condition is awaited when a test does not say: a test must not fail because the machine is busy.
 */
const PATIENCE = 20_000;

const { waitFor } = vi;
vi.waitFor = (callback, options = PATIENCE) => waitFor(callback, options);
