import { getRabbit } from '@mini-nova/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CTXT, Gate } from '../packages/messaging/test/rpc-fixture.ts';
import { BothEnds } from './support/both-ends.ts';
import { OsloPeer } from './support/oslo-peer.ts';

const ends = BothEnds.use();
const victims: OsloPeer[] = [];

/** Another Python process, to be killed. */
async function victim(): Promise<OsloPeer> {
  const { url } = await getRabbit();
  const peer = await OsloPeer.start(url);
  victims.push(peer);
  return peer;
}

afterEach(() => Promise.all(victims.splice(0).map((peer) => peer.close())));

describe('a Python server is killed', () => {
  test('while it runs our monitored call, and we learn of it long before the timeout', async () => {
    const python = await victim();
    await python.serve({ ...ends.target, server: 'doomed' });
    const context = ends.client({ timeout: 250 }).prepare({ callMonitorTimeout: 2 });
    const call = context.call(CTXT, 'slow', { seconds: 250 });
    call.catch(() => undefined);
    await context.call(CTXT, 'note', { value: 'it runs' });
    await python.close();
    await expect(call).rejects.toMatchObject({ code: 'SERVER_LOST' });
  });

  test('and another one of its topic answers our next calls', async () => {
    const python = await victim();
    await python.serve({ ...ends.target, server: 'doomed' });
    await ends.servePython();
    await python.close();
    const client = ends.client();
    const calls = Array.from({ length: 10 }, () => client.call(CTXT, 'evaluate', { expression: '"alive"' }));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['alive']));
  });

  test('and its successor does not run calls that have expired meanwhile', async () => {
    const python = await victim();
    await python.serve({ ...ends.target, server: 'doomed' });
    await python.close();
    const client = ends.client();
    await expect(client.prepare({ timeout: 1 }).call(CTXT, 'note', { value: 1 })).rejects.toMatchObject({
      code: 'MESSAGING_TIMEOUT',
    });
    await ends.requestsExpired();
    await ends.servePython();
    await client.call(CTXT, 'note', { value: 2 });
    expect(await ends.python.notes(ends.target)).toEqual([2]);
  });
});

describe('a Python client is killed while we run its call', () => {
  test('and our answer to it does not hinder those to others', async () => {
    const gate = new Gate();
    const slow = vi.fn(() => gate.opened);
    await ends.serve({ slow, quick: () => 'answered' });
    const python = await victim();
    const call = python.call({ target: ends.target, method: 'slow' });
    call.catch(() => undefined);
    await vi.waitFor(() => expect(slow).toHaveBeenCalled());
    await python.close();
    gate.open();
    expect(await ends.python.call({ target: ends.target, method: 'quick' })).toBe('answered');
  });

  test('and its missing reply queue delays nobody', async () => {
    const gate = new Gate();
    const slow = vi.fn(() => gate.opened);
    await ends.serve({ slow, quick: () => 'answered' });
    const python = await victim();
    const calls = Array.from({ length: 5 }, () => python.call({ target: ends.target, method: 'slow' }));
    for (const call of calls) call.catch(() => undefined);
    await vi.waitFor(() => expect(slow).toHaveBeenCalledTimes(5));
    const replyQueue = await python.replyQueue();
    await python.close();
    // As the broker does it when nobody has used the queue for `rabbit_transient_queues_ttl`.
    await ends.atBroker((raw) => raw.channel.deleteQueue(replyQueue));
    gate.open();
    // The server tries to send to the missing queue for twice as long.
    for (let i = 0; i < 10; i += 1) {
      expect(await ends.python.call({ target: ends.target, method: 'quick', timeout: 30 })).toBe('answered');
    }
  });
});

test('a client of ours is closed while Python runs its call, and others are answered', async () => {
  await ends.servePython();
  const transport = ends.transport();
  const client = ends.client({ transport });
  const call = client.call(CTXT, 'slow', { seconds: 4, result: 'ran' });
  call.catch(() => undefined);
  // On the same connection: the slow call has come before it.
  await client.call(CTXT, 'note', { value: 'it runs' });
  await transport.close();
  await expect(call).rejects.toMatchObject({ code: 'MESSAGE_DELIVERY_FAILURE' });
  await vi.waitFor(async () => expect(await ends.python.notes(ends.target)).toContain('ran'));
  expect(await ends.client().call(CTXT, 'evaluate', { expression: '"answered"' })).toBe('answered');
});
