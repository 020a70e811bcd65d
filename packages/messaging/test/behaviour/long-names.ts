import { describe, expect, vi } from 'vitest';
import { getTransport, silentLogger } from '../../index.ts';
import { CTXT } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** 256 bytes in 128 characters. */
const LONG = 'ü'.repeat(128);
const tooLong = expect.objectContaining({
  name: 'TypeError',
  message: expect.stringMatching(/^The name of the (queue|exchange) ".+…" has \d+ bytes, and may have 255$/),
});

export function describeLongNames(url: UrlFactory): void {
  describe('a name that no broker takes', () => {
    for (const [what, target] of [
      ['topic', { topic: LONG }],
      ['server', { server: LONG }],
      ['exchange', { exchange: LONG }],
      ['topic and a server', { topic: 't'.repeat(128), server: 's'.repeat(127) }],
    ] as const) {
      rpcTest(`of a ${what} is a TypeError of calls and casts, and nothing is sent`, url, async (rpc) => {
        const sent = vi.fn();
        const transport = rpc.transport({ hooks: [{ aroundSend: (_rpc, send) => send().finally(sent) }] });
        const client = rpc.client({ transport, target });
        await expect(client.call(CTXT, 'echo', {})).rejects.toEqual(tooLong);
        await expect(client.cast(CTXT, 'echo', {})).rejects.toEqual(tooLong);
        expect(sent).not.toHaveBeenCalled();
      });
    }

    rpcTest('of a method, a namespace or a version is a TypeError, too', url, async (rpc) => {
      const called = { ping: () => 'pong', ['m'.repeat(255)]: () => 'longest' };
      await rpc.serve(called);
      const noise = /^The (method|namespace|version) ".+…" has \d+ characters, and may have 255$/;
      const client = rpc.client();
      await expect(client.call(CTXT, 'm'.repeat(256))).rejects.toThrow(noise);
      await expect(client.cast(CTXT, 'm'.repeat(256))).rejects.toThrow(noise);
      await expect(client.prepare({ namespace: 'n'.repeat(256) }).call(CTXT, 'ping')).rejects.toThrow(noise);
      await expect(client.prepare({ version: `1.${'0'.repeat(254)}` }).call(CTXT, 'ping')).rejects.toThrow(
        noise,
      );
      expect(await client.call(CTXT, 'm'.repeat(255))).toBe('longest');
    });

    rpcTest('of a fanout counts with what is added to the topic', url, async (rpc) => {
      const client = rpc.client({ target: { topic: 't'.repeat(249), fanout: true } });
      await expect(client.cast(CTXT, 'echo', {})).rejects.toEqual(tooLong);
      const short = rpc.client({ target: { topic: 't'.repeat(248), fanout: true } });
      await short.cast(CTXT, 'echo', {});
    });

    rpcTest('of a server is a TypeError before it starts', url, async (rpc) => {
      const echo = { echo: () => 'echo' };
      await expect(rpc.serve(echo, { server: LONG })).rejects.toEqual(tooLong);
      await expect(rpc.serve(echo, { topic: 't'.repeat(216) })).rejects.toEqual(tooLong);
      await rpc.serve(echo, { topic: 't'.repeat(215) });
      const client = rpc.client({ target: { topic: 't'.repeat(215) } });
      expect(await client.call(CTXT, 'echo', {})).toBe('echo');
    });

    rpcTest('of the control exchange is a TypeError of the transport', url, async () => {
      const address = await url();
      const make = () => getTransport({ url: address, logger: silentLogger, controlExchange: LONG });
      expect(make).toThrow(tooLong);
    });

    rpcTest('is longer than the longest one that is sent', url, async (rpc) => {
      const server = 's'.repeat(255 - rpc.topic.length - 1);
      await rpc.serve({ echo: () => 'echo' }, { server });
      expect(await rpc.client({ target: { server } }).call(CTXT, 'echo', {})).toBe('echo');
    });
  });
}
