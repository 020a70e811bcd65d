import { describe, expect, vi } from 'vitest';
import { CTXT } from '../../packages/messaging/test/rpc-fixture.ts';
import { rabbitTest } from './support/rabbit-test.ts';
import { opened, sealed } from './support/raw-peer.ts';

describe('a call with several results', () => {
  rabbitTest('yields 10,000 of them in order', async ({ rpc }) => {
    await rpc.serve({
      async *count(_ctxt: object, { to }: { to: number }) {
        for (let number = 0; number < to; number += 1) yield number;
      },
    });
    const numbers: unknown[] = [];
    for await (const number of rpc.client().multicall(CTXT, 'count', { to: 10_000 })) numbers.push(number);
    expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });

  rabbitTest(
    'of a peer that repeats and reorders them, yields each once',
    async ({ rpc, peer, exchange }) => {
      const requests = await peer.receive(rpc.topic, exchange);
      const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }) });
      const results = client.multicall(CTXT, 'count', {});
      const first = results.next();
      await vi.waitFor(() => expect(requests).toHaveLength(1));
      const { _msg_id, _reply_q } = opened(requests[0]);
      for (const seq of [1, 0, 0, 3, 2, 1]) {
        const body = { result: seq, failure: null, ending: false, _msg_id, _seq: seq };
        peer.send('', String(_reply_q), sealed(body));
      }
      peer.send(
        '',
        String(_reply_q),
        sealed({ result: null, failure: null, ending: true, _msg_id, _seq: 4 }),
      );
      const rest: unknown[] = [];
      for await (const result of results) rest.push(result);
      expect([(await first).value, ...rest]).toEqual([0, 1, 2, 3]);
    },
  );

  rabbitTest('gives no null but the last to a peer that expects none', async ({ rpc, peer, exchange }) => {
    const stream = {
      async *stream() {
        yield 1;
        yield null;
        yield 2;
      },
    };
    await rpc.serve(stream, { transport: rpc.transport({ controlExchange: exchange }) });
    for (const [_timeout, expected] of [
      [null, [1, 2, null]],
      [60, [1, null, 2, null]],
    ] as const) {
      const _reply_q = `${rpc.topic}-${_timeout}`;
      const replies = await peer.receive(_reply_q);
      const call = { method: 'stream', args: {}, _msg_id: 'm', _reply_q, _timeout };
      peer.send(exchange, rpc.topic, sealed(call));
      await vi.waitFor(() => {
        expect(replies.map((reply) => opened(reply).ending)).toContain(true);
      });
      // Without the signs of life, of which a caller with a timeout may get one from a slow machine.
      const results = replies.map(opened).filter(({ _seq }) => _timeout === null || _seq !== undefined);
      expect(results.map(({ result }) => result)).toEqual(expected);
    }
  });

  rabbitTest('fails when one of them is lost', async ({ rpc, peer, exchange }) => {
    const requests = await peer.receive(rpc.topic, exchange);
    const client = rpc.client({ transport: rpc.transport({ controlExchange: exchange }) });
    const first = client.multicall(CTXT, 'count', {}).next();
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    const { _msg_id, _reply_q } = opened(requests[0]);
    peer.send('', String(_reply_q), sealed({ result: null, failure: null, ending: true, _msg_id, _seq: 1 }));
    await expect(first).rejects.toMatchObject({
      code: 'MESSAGE_DELIVERY_FAILURE',
      message: expect.stringContaining('1 of the 1 results'),
    });
  });
});
