import { describe, expect, test } from 'vitest';
import { HostOrder } from './broker-address.ts';

const hosts = ['a', 'b', 'c', 'd'].map((label) => ({ label, connect: {}, socket: {} }));
const labels = (order: HostOrder) => order.round().map(({ label }) => label);

describe('round-robin', () => {
  test('tries the hosts in one order, from the one after the last that worked', () => {
    const order = new HostOrder(hosts, 'round-robin');
    const [first, second, third, fourth] = order.round();
    expect(order.round()).toEqual([first, second, third, fourth]);
    if (second !== undefined) order.connected(second);
    expect(order.round()).toEqual([third, fourth, first, second]);
    if (fourth !== undefined) order.connected(fourth);
    expect(order.round()).toEqual([first, second, third, fourth]);
  });

  test('starts elsewhere for each connection', () => {
    const starts = Array.from({ length: 100 }, () => labels(new HostOrder(hosts, 'round-robin'))[0]);
    expect(new Set(starts)).toEqual(new Set(['a', 'b', 'c', 'd']));
  });
});

test('shuffle tries all hosts in a new order each time', () => {
  const order = new HostOrder(hosts, 'shuffle');
  const rounds = Array.from({ length: 100 }, () => labels(order));
  for (const round of rounds) expect([...round].sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(5);
});
