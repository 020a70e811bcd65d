import { describe, expect, test, vi } from 'vitest';
import { RawPeer } from '../../../../test/integration/support/raw-peer.ts';
import { MessageDeliveryFailure } from '../../index.ts';
import { CTXT, RpcFixture } from '../rpc-fixture.ts';
import { faultBench } from './support/fault-bench.ts';
import { echo, numbers } from './support/server-queues.ts';

const bench = faultBench();

/** An exchange of a kind that a topic exchange's declaration is refused over, with the channel. */
async function misdeclared(): Promise<string> {
  const peer = await RawPeer.connect(bench().broker.url);
  const exchange = `fanout-${bench().topic}`;
  await peer.channel.assertExchange(exchange, 'fanout', { durable: true });
  await peer.close();
  return exchange;
}

describe('a channel that the broker closes', () => {
  test('over an exchange that is declared otherwise: what is under way beside it arrives', async () => {
    const { ledger } = bench();
    const exchange = await misdeclared();
    await bench().serve(ledger.notebook);
    const caller = bench().client();
    await ledger.cast(caller, 'first');
    for (const round of numbers(5)) {
      const refused = caller.prepare({ exchange }).cast(CTXT, 'note', {});
      const innocent = ledger.cast(caller, round);
      await expect(refused).rejects.toThrow(MessageDeliveryFailure);
      await innocent;
    }
  });

  test('is replaced, and its siblings and their consumers are left alone', async () => {
    const { broker, ledger } = bench();
    const exchange = await misdeclared();
    await bench().serve({ ...echo, ...ledger.notebook });
    const caller = bench().client();
    await ledger.call(caller, 'echo', { value: 1 });
    const before = await Promise.all([broker.listConnections(), broker.listConsumers()]);
    await expect(caller.prepare({ exchange }).cast(CTXT, 'note', {})).rejects.toThrow(MessageDeliveryFailure);
    await ledger.call(caller, 'echo', { value: 2 });
    expect(await Promise.all([broker.listConnections(), broker.listConsumers()])).toEqual(before);
  });

  test('over one forbidden message: that message fails, and all others arrive', async () => {
    const { broker, ledger, topic } = bench();
    const controlExchange = `allowed-${topic}`;
    await broker.rabbitmqctl('add_user', 'limited', 'secret');
    const permissions = ['.*', '^(allowed-.*|.*_fanout|amq.default)$', '.*'];
    await broker.rabbitmqctl('set_permissions', 'limited', ...permissions);
    const limited = new RpcFixture(broker.url.replace('guest:guest', 'limited:secret'));
    bench().onClose(() => limited.close());
    await bench().serve(ledger.notebook, 'host1', { controlExchange });
    await bench().serve(ledger.notebook, 'host2', { controlExchange });
    const caller = limited.client({ transport: limited.transport({ controlExchange }), target: { topic } });
    await ledger.cast(caller, 'first');
    const casts = numbers(20).map((value) => ledger.cast(caller, value));
    const refused = caller.prepare({ exchange: 'forbidden' }).cast(CTXT, 'note', { value: 'forbidden' });
    const more = numbers(20).map((value) => ledger.cast(caller, value + 100));
    await expect(refused).rejects.toThrow(/ACCESS_REFUSED/);
    await Promise.all([...casts, ...more]);
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(41));
    expect(ledger.noted).not.toContain('forbidden');
  });
});
