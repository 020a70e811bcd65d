import { hostState, resource } from '@mini-nova/services-testing/scheduling';
import { describe, expect, it } from 'vitest';
import type { HostState } from '../host-state.ts';
import { cpuWeigher } from './cpu-weigher.ts';
import { ramWeigher } from './ram-weigher.ts';
import { weighHosts } from './weigh-hosts.ts';

function host(name: string, freeMemoryMb: number, freeVcpus: number): HostState {
  const resources = {
    MEMORY_MB: resource(100_000, { used: 100_000 - freeMemoryMb }),
    VCPU: resource(100, { used: 100 - freeVcpus }),
  };
  return hostState({ host: name, resources });
}

function order(hosts: HostState[], ram: number, cpu: number): string {
  return weighHosts([ramWeigher(ram), cpuWeigher(cpu)], hosts)
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

  it('stay in their order when they are equal', () => {
    expect(order([host('a', 5, 5), host('b', 5, 5)], 1, 1)).toBe('a b');
    expect(order([], 1, 1)).toBe('');
  });
});
