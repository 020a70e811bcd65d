import { describe, expect, vi } from 'vitest';
import { MessageUndeliverable } from '../../index.ts';
import { CTXT } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

export function describeUndeliverable(url: UrlFactory): void {
  describe('a call that nobody can get', () => {
    rpcTest('fails at once: no such topic', url, async (rpc) => {
      const error = await rpc
        .client()
        .call(CTXT, 'ping', {})
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(MessageUndeliverable);
      expect(error).toMatchObject({ code: 'MESSAGE_UNDELIVERABLE', routingKey: rpc.topic });
    });

    rpcTest('fails at once: no such server', url, async (rpc) => {
      await rpc.serve({ ping: () => 'pong' });
      const client = rpc.client();
      expect(await client.call(CTXT, 'ping', {})).toBe('pong');
      await expect(client.prepare({ server: 'absent' }).call(CTXT, 'ping', {})).rejects.toMatchObject({
        code: 'MESSAGE_UNDELIVERABLE',
        routingKey: `${rpc.topic}.absent`,
      });
    });

    rpcTest('waits for a server when told to', url, async (rpc) => {
      // For a while, nobody consumes the queue.
      const client = rpc.client().prepare({ failUndeliverable: false, callMonitorTimeout: null });
      let settled = false;
      const call = client.call(CTXT, 'ping', {}).finally(() => {
        settled = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(settled).toBe(false);
      await rpc.serve({ ping: () => 'pong' });
      expect(await call).toBe('pong');
    });
  });

  rpcTest('a cast waits for its server to come', url, async (rpc) => {
    const notes: unknown[] = [];
    await rpc.client().cast(CTXT, 'note', { text: 'early' });
    await rpc.serve({ note: (_ctxt: object, { text }: { text: unknown }) => void notes.push(text) });
    await vi.waitFor(() => expect(notes).toEqual(['early']));
  });
}
