import { vi } from 'vitest';
import { PATIENCE } from './patience-ms.ts';

const { waitFor } = vi;
vi.waitFor = (callback, options = {}) => {
  const given = typeof options === 'number' ? { timeout: options } : options;
  return waitFor(callback, { ...given, timeout: Math.max(given.timeout ?? 0, PATIENCE) });
};
