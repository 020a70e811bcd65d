import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostWeigher } from './host-weigher.ts';
import { weighers } from './registry.ts';

describe('the weighers that take part', () => {
  it.each(
    readdirSync(import.meta.dirname).filter(
      (file) => /-weigher\.ts$/.test(file) && !file.startsWith('host-'),
    ),
  )('include that of %s', async (file) => {
    const exported: Record<string, HostWeigher> = await import(join(import.meta.dirname, file));
    for (const weigher of Object.values(exported)) expect(weighers).toContain(weigher);
  });
});
