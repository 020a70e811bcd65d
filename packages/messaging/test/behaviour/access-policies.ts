import { describe, expect } from 'vitest';
import { type AccessPolicy, NoSuchMethod, Target } from '../../index.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { CTXT } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

const endpoint = {
  rpcMethods: ['listed', '_listed_private'],
  listed: () => 'listed',
  _listedPrivate: () => 'listed private',
  open: () => 'open',
  _private: () => 'private',
};

/** What each policy serves of the endpoint's methods. */
const SERVED: [AccessPolicy, string[]][] = [
  ['legacy', ['listed', '_listed_private', 'open', '_private']],
  ['default', ['listed', 'open']],
  ['explicit', ['listed', '_listed_private']],
];

export function describeAccess(url: UrlFactory): void {
  describe('a server', () => {
    for (const [accessPolicy, served] of SERVED) {
      rpcTest(`with access policy ${accessPolicy} serves ${served.join(', ')} only`, url, async (rpc) => {
        await rpc.serve(endpoint, { accessPolicy });
        const client = rpc.client();
        for (const method of ['listed', '_listed_private', 'open', '_private']) {
          const answer = client.call(CTXT, method, {});
          if (served.includes(method)) expect(await answer).toEqual(expect.any(String));
          else await expect(answer).rejects.toBeInstanceOf(NoSuchMethod);
        }
      });
    }

    rpcTest('answers the ping of oslo.messaging when told to', url, async (rpc) => {
      const named = { target: new Target({ namespace: 'named', version: '7.1' }) };
      await rpc.serve(named, { server: 'host1', pingEnabled: true });
      await rpc.serve(named, { server: 'host2' });
      const client = rpc.client();
      const ping = (server: string) => client.prepare({ server }).call(CTXT, 'oslo_rpc_server_ping', {});
      expect(await ping('host1')).toBe('pong');
      await expect(ping('host2')).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' });
    });

    rpcTest('logs errors that its endpoint expects in one quiet line', url, async (rpc) => {
      class HostBusy extends Error {}
      const logger = new RecordingLogger();
      const busy = {
        expectedErrors: [HostBusy],
        ask: () => {
          throw new HostBusy('come back later');
        },
      };
      await rpc.serve(busy, { transport: rpc.transport({ logger }) });
      const error = { code: 'REMOTE_ERROR', excType: 'HostBusy', value: 'come back later' };
      await expect(rpc.client().call(CTXT, 'ask', {})).rejects.toMatchObject(error);
      const lines = logger.lines.filter(({ data }) => data.method === 'ask');
      expect(lines).toMatchObject([{ level: 'info', data: { error: 'Error: come back later' } }]);
    });
  });
}
