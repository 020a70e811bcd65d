import type { Message } from 'amqplib';
import { expect, test } from 'vitest';
import { Publication } from './publication.ts';
import { Unconfirmed } from './unconfirmed.ts';

function publication(text: string, routingKey = 'queue'): Publication {
  return new Publication({ routingKey, body: Buffer.from(text), retry: 0, done: () => {} });
}

function returned(text: string, routingKey = 'queue'): Message {
  return { fields: { exchange: '', routingKey }, content: Buffer.from(text) } as Message;
}

test('messages are found by their delivery tags, in any order and once', () => {
  const unconfirmed = new Unconfirmed();
  const all = ['1', '2', '3', '4'].map((text) => publication(text));
  for (const each of all) unconfirmed.add(each);
  expect(unconfirmed.take(3)).toBe(all[2]);
  expect(unconfirmed.take(3)).toBeUndefined();
  expect(unconfirmed.size).toBe(3);
  expect(unconfirmed.takeUpTo(3)).toEqual([all[0], all[1]]);
  expect(unconfirmed.take(4)).toBe(all[3]);
  expect(unconfirmed.size).toBe(0);
});

test('tags go on when all was confirmed, and begin anew on another channel', () => {
  const unconfirmed = new Unconfirmed();
  const [first, second, third] = ['1', '2', '3'].map((text) => publication(text)) as [
    Publication,
    Publication,
    Publication,
  ];
  unconfirmed.add(first);
  unconfirmed.take(1);
  unconfirmed.add(second);
  expect(unconfirmed.reset()).toEqual([second]);
  unconfirmed.add(third);
  expect(unconfirmed.take(1)).toBe(third);
});

test('a message costs no more when many are under way', () => {
  const unconfirmed = new Unconfirmed();
  const all = Array.from({ length: 50_000 }, (_, index) => publication(String(index)));
  for (const each of all) unconfirmed.add(each);
  const before = process.cpuUsage();
  let wrong = 0;
  for (const [index, each] of all.entries()) {
    const found = unconfirmed.findReturned(returned(String(index)));
    if (found !== each) wrong += 1;
    each.returned = true;
  }
  for (let tag = 25_001; tag <= 50_000; tag += 1) if (unconfirmed.take(tag) !== all[tag - 1]) wrong += 1;
  for (let tag = 1; tag <= 25_000; tag += 1) if (unconfirmed.take(tag) !== all[tag - 1]) wrong += 1;
  expect(wrong).toBe(0);
  expect(unconfirmed.size).toBe(0);
  // Processor time (µs).
  expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
});

test('the same message that is sent twice comes back twice', () => {
  const unconfirmed = new Unconfirmed();
  const others = [publication('a', 'other'), publication('a'), publication('b'), publication('a')];
  for (const each of others) unconfirmed.add(each);
  for (const expected of [others[1], others[3], undefined]) {
    const found = unconfirmed.findReturned(returned('a'));
    expect(found === expected).toBe(true);
    if (found !== undefined) found.returned = true;
  }
});

test('messages that were settled in another way are not held until the broker confirms them', () => {
  const unconfirmed = new Unconfirmed();
  const first = publication('first');
  unconfirmed.add(first);
  for (let index = 0; index < 50_000; index += 1) {
    const each = publication(String(index));
    unconfirmed.add(each);
    each.isSettled = true;
    unconfirmed.noteSettled();
  }
  expect(unconfirmed.size).toBeLessThan(3_000);
  expect(unconfirmed.take(1)).toBe(first);
  const last = publication('last');
  unconfirmed.add(last);
  expect(unconfirmed.take(50_002)).toBe(last);
});
