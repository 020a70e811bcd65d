import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostState, resource, scheduleRequest } from '@mini-nova/services-testing/scheduling';
import { describe, expect, it } from 'vitest';
import type { HostState } from '../host-state.ts';
import { cpuWeigher } from './cpu-weigher.ts';
import type { HostWeigher } from './host-weigher.ts';
import { ramWeigher } from './ram-weigher.ts';
import { weighers } from './registry.ts';
import { weighHosts } from './weigh-hosts.ts';

function host(
  name: string,
  freeMemoryMb: number,
  freeVcpus: number,
  ...metadata: { [key: string]: string }[]
): HostState {
  const resources = {
    MEMORY_MB: resource(100_000, { used: 100_000 - freeMemoryMb }),
    VCPU: resource(100, { used: 100 - freeVcpus }),
  };
  const aggregates = metadata.map((each) => ({ name: 'rack', metadata: each }));
  return hostState({ host: name, resources, aggregates });
}

function order(hosts: HostState[], ram: number, cpu: number): string {
  const config = { filter_scheduler: { ram_weight_multiplier: ram, cpu_weight_multiplier: cpu } };
  return weighHosts({ weighers: [ramWeigher, cpuWeigher], config }, hosts, scheduleRequest())
    .map((each) => each.host)
    .join(' ');
}

describe('weighed hosts', () => {
  const hosts = [host('a', 1000, 8), host('b', 3000, 2), host('c', 2000, 4)];

  it.each([
    ['memory alone', 1, 0, 'b c a'],
    ['CPUs alone', 0, 1, 'a c b'],
    ['little memory first', -1, 0, 'a c b'],
    ['memory more than CPUs', 2, 1, 'b c a'],
    ['nothing: as they came', 0, 0, 'a b c'],
  ])('are ordered by %s', (_title, ram, cpu, expected) => {
    expect(order(hosts, ram, cpu)).toBe(expected);
  });

  it('count the distance within a weigher, not its unit', () => {
    // Memory says a (1) over b (0.9) over c (0), CPUs say b (1) over c (0.5) over a (0).
    const scaled = [host('a', 20_000, 2), host('b', 18_000, 4), host('c', 0, 3)];
    expect(order(scaled, 1, 1)).toBe('b a c');
  });

  it.each([
    ['one number', [{ ram_weight_multiplier: '0.5' }], 'b a'],
    ['the lowest of several', [{ ram_weight_multiplier: '3' }, { ram_weight_multiplier: '0.5' }], 'b a'],
    ['no number: what is configured', [{ ram_weight_multiplier: 'much' }], 'a b'],
    ['nothing of it: what is configured', [{ colour: 'blue' }], 'a b'],
  ])('count as their aggregates say: %s', (_title, metadata, expected) => {
    // The first has more memory, the second more CPUs.
    expect(order([host('a', 2000, 1, ...metadata), host('b', 1000, 9)], 2, 1)).toBe(expected);
  });

  it('stay in their order when they are equal', () => {
    expect(order([host('a', 5, 5), host('b', 5, 5)], 1, 1)).toBe('a b');
    expect(order([], 1, 1)).toBe('');
  });
});

describe('the weighers that take part', () => {
  it.each(
    readdirSync(import.meta.dirname).filter(
      (file) => /-weigher\.ts$/.test(file) && !file.startsWith('host-'),
    ),
  )('are also that of %s', async (file) => {
    const exported: Record<string, HostWeigher> = await import(join(import.meta.dirname, file));
    for (const weigher of Object.values(exported)) expect(weighers).toContain(weigher);
  });
});
