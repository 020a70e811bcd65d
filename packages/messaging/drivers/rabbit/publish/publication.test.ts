import { expect, test } from 'vitest';
import { Overloaded } from '../../../errors.ts';
import { Target } from '../../../target.ts';
import { Destinations } from '../client/destinations.ts';
import { rabbitSettings } from '../rabbit-options.ts';
import { Topology } from '../topology/topology.ts';
import { Outbox } from './publication.ts';

test('an outbox takes what fits, and more when something has left', () => {
  const outbox = new Outbox(100);
  outbox.take(60);
  outbox.take(40);
  expect(() => outbox.take(1)).toThrow(Overloaded);
  outbox.release(60);
  outbox.take(50);
  expect(outbox.bytes).toBe(90);
});

test('a message larger than an outbox goes alone', () => {
  const outbox = new Outbox(100);
  outbox.take(1000);
  expect(() => outbox.take(1)).toThrow('Overloaded: outbox holds 100 bytes, which is its limit');
  outbox.release(1000);
  outbox.take(1);
  expect(() => outbox.take(1000)).toThrow(Overloaded);
});

test('all targets that lead to a destination share it, and it is remembered', () => {
  const destinations = new Destinations('nova', new Topology(rabbitSettings()));
  const destination = destinations.of(new Target({ topic: 'compute', server: 'host1' }));
  destination.known = true;
  expect(destinations.of(new Target({ topic: 'compute', server: 'host1', version: '2.0' }))).toBe(
    destination,
  );
  for (const other of [{ topic: 'compute' }, { topic: 'compute', server: 'host1', exchange: 'other' }]) {
    expect(destinations.of(new Target(other)).known).toBe(false);
  }
});

test('of very many destinations, those used last are remembered', () => {
  const destinations = new Destinations('nova', new Topology(rabbitSettings()));
  const of = (server: string) => destinations.of(new Target({ topic: 'compute', server }));
  for (const server of ['old', 'used']) of(server).known = true;
  for (let server = 0; server < 1500; server += 1) {
    of(String(server));
    of('used');
  }
  expect([of('old').known, of('used').known]).toEqual([false, true]);
});
