import { hostState, scheduleRequest } from '@mini-nova/services-testing/scheduling';
import { describe, expect, it } from 'vitest';
import { hostFilter } from './filters/host-filter.ts';
import { HostChoice } from './host-choice.ts';
import { hostWeigher } from './weighers/host-weigher.ts';

describe('the choice of hosts', () => {
  const hosts = ['a', 'b', 'c'].map((host) => hostState({ uuid: host, host, nodename: host }));
  const seekers = ['vm1', 'vm2'].map((instanceUuid) => ({ instanceUuid, held: {} }));

  it('shows filters where the instances of the group are, with those of the same request', () => {
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
