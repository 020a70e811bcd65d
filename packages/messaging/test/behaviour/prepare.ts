import { describe, expect } from 'vitest';
import { MessagingTimeout, type PrepareOptions, Target } from '../../index.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

export function describePrepare(url: UrlFactory): void {
  describe('prepare', () => {
    rpcTest('sends elsewhere: exchange, topic, server, namespace, version', url, async (rpc) => {
      const exchange = `exchange-${rpc.topic}`;
      const topic = `${rpc.topic}-other`;
      const far = rpc.transport({ controlExchange: exchange });
      await rpc.serve({ where: () => 'home' });
      await rpc.serve({ where: () => 'other server' }, { server: 'host2' });
      await rpc.serve({ where: () => 'other topic' }, { topic });
      await rpc.serve({ where: () => 'other exchange' }, { transport: far });
      const named = { target: new Target({ namespace: 'named', version: '2.3' }), where: () => 'named' };
      await rpc.serve(named, { server: 'host3' });
      const client = rpc.client({ target: { server: 'host1' } });
      for (const [options, expected] of [
        [{}, 'home'],
        [{ server: 'host2' }, 'other server'],
        [{ topic }, 'other topic'],
        [{ exchange }, 'other exchange'],
        [{ server: 'host3', namespace: 'named', version: '2.1' }, 'named'],
      ] satisfies [PrepareOptions, string][]) {
        expect(await client.prepare(options).call(CTXT, 'where', {})).toBe(expected);
      }
      expect(await client.call(CTXT, 'where', {})).toBe('home');
    });

    rpcTest('removes parts with null', url, async (rpc) => {
      await rpc.serve({ where: () => 'root' });
      const target = { server: 'absent', namespace: 'named', version: '2.0' };
      const context = rpc.client({ target }).prepare({ server: null, namespace: null, version: null });
      expect(await context.call(CTXT, 'where', {})).toBe('root');
    });

    rpcTest('sets the timeout and the version cap of one context', url, async (rpc) => {
      const gate = new Gate();
      await rpc.serve({ slow: () => gate.opened });
      const client = rpc.client({ target: { version: '1.0' } });
      await expect(client.prepare({ timeout: 0.2 }).call(CTXT, 'slow', {})).rejects.toThrow(MessagingTimeout);
      gate.open();
      const capped = client.prepare({ versionCap: '1.4' });
      expect(capped.canSendVersion('1.5')).toBe(false);
      await expect(capped.prepare({ version: '1.5' }).call(CTXT, 'slow', {})).rejects.toMatchObject({
        code: 'RPC_VERSION_CAP',
      });
      expect(client.canSendVersion('1.5')).toBe(true);
      expect(await capped.call(CTXT, 'slow', {})).toBeNull();
    });

    rpcTest('sends with every kind of retry', url, async (rpc) => {
      await rpc.serve({ echo: (_ctxt: object, { value }: { value: unknown }) => value });
      for (const retry of [-1, 0, 3, null]) {
        const context = rpc.client().prepare({ retry });
        expect(await context.call(CTXT, 'echo', { value: retry })).toBe(retry);
        await context.cast(CTXT, 'echo', { value: retry });
      }
    });
  });
}
