import { hostState, resource, scheduleRequest } from '@mini-nova/services-testing/scheduling';
import { describe, expect, it } from 'vitest';
import { hostFilter } from '../filters/host-filter.ts';
import { cpuWeigher } from '../weighers/cpu-weigher.ts';
import { hostWeigher } from '../weighers/host-weigher.ts';
import { ramWeigher } from '../weighers/ram-weigher.ts';
import { HostChoice, weighHosts } from './host-choice.ts';
import type { HostState } from './host-manager.ts';

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

describe('the choice of hosts', () => {
  const hosts = ['a', 'b', 'c'].map((host) => hostState({ uuid: host, host, nodename: host }));
  const seekers = ['vm1', 'vm2'].map((instanceUuid) => ({ instanceUuid, held: {} }));

  it('shows filters where the instances of the group are, including those of the same request', () => {
    const apartFilter = hostFilter({
      name: 'ApartFilter',
      passes: ({ host }, { instanceGroup }) => !instanceGroup?.hosts.has(host),
    });
    const group = { policy: 'anti-affinity', rules: {}, members: [], hosts: new Set(['b']) };
    const request = scheduleRequest({ instanceGroup: group });
    const options = { filters: [apartFilter], weighers: [], config: {}, hostSubsetSize: 1 };

    const choices = new HostChoice(options, hosts, request).chooseAll(seekers);

    expect(choices.map(({ host }) => host.host)).toEqual(['a', 'c']);
  });

  it('shows weighers the request', () => {
    const wishWeigher = hostWeigher({
      name: 'WishWeigher',
      multiplier: { option: 'wish_weight_multiplier', default: 1, help: 'Weight of wishes.' },
      weigh: ({ host }, { schedulerHints }) => schedulerHints.wish?.indexOf(host) ?? 0,
    });
    const config = { filter_scheduler: { wish_weight_multiplier: 1 } };
    const options = { filters: [], weighers: [wishWeigher], config, hostSubsetSize: 1 };
    const request = scheduleRequest({ schedulerHints: { wish: ['a', 'c', 'b'] } });

    expect(new HostChoice(options, hosts, request).ranked().map(({ host }) => host)).toEqual(['b', 'c', 'a']);
  });
});

describe('weighed hosts', () => {
  const hosts = [host('a', 1000, 8), host('b', 3000, 2), host('c', 2000, 4)];

  it.each([
    ['memory alone', 1, 0, 'b c a'],
    ['CPUs alone', 0, 1, 'a c b'],
    ['memory, the least first', -1, 0, 'a c b'],
    ['memory more than by CPUs', 2, 1, 'b c a'],
    ['nothing, and keep their order', 0, 0, 'a b c'],
  ])('are ordered by %s', (_title, ram, cpu, expected) => {
    expect(order(hosts, ram, cpu)).toBe(expected);
  });

  it('are compared by the relative distance within a weigher, whatever its unit', () => {
    // By memory: a (1), b (0.9), c (0). By CPUs: b (1), c (0.5), a (0).
    const scaled = [host('a', 20_000, 2), host('b', 18_000, 4), host('c', 0, 3)];
    expect(order(scaled, 1, 1)).toBe('b a c');
  });

  it.each([
    ['one number', [{ ram_weight_multiplier: '0.5' }], 'b a'],
    ['the lowest of several', [{ ram_weight_multiplier: '3' }, { ram_weight_multiplier: '0.5' }], 'b a'],
    ['not a number, so what is configured', [{ ram_weight_multiplier: 'much' }], 'a b'],
    ['nothing, so what is configured', [{ colour: 'blue' }], 'a b'],
  ])('have the multiplier that their aggregates set: %s', (_title, metadata, expected) => {
    // The first has more memory, the second more CPUs.
    expect(order([host('a', 2000, 1, ...metadata), host('b', 1000, 9)], 2, 1)).toBe(expected);
  });

  it('keep their order when they are equal', () => {
    expect(order([host('a', 5, 5), host('b', 5, 5)], 1, 1)).toBe('a b');
    expect(order([], 1, 1)).toBe('');
  });
});
