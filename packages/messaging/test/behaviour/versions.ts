import { describe, expect } from 'vitest';
import { NoSuchMethod, Target, UnsupportedVersion } from '../../index.ts';
import { CTXT } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

/** An endpoint whose method `which` says what it is. */
function endpoint(name: string, target: Target) {
  return { target, which: () => name };
}

/** A server as Nova's are: two majors side by side, and another namespace. */
const ENDPOINTS = [
  endpoint('6.1', new Target({ version: '6.1' })),
  endpoint('3.35', new Target({ version: '3.35' })),
  endpoint(
    'task',
    new Target({ namespace: 'compute_task', legacyNamespaces: ['old_task'], version: '1.24' }),
  ),
];

export function describeVersions(url: UrlFactory): void {
  describe('a server with several endpoints', () => {
    rpcTest('picks the endpoint by namespace and version', url, async (rpc) => {
      await rpc.serve(ENDPOINTS);
      for (const [namespace, version, expected] of [
        [null, '6.1', '6.1'],
        [null, '6.0', '6.1'],
        [null, '3.17', '3.35'],
        ['compute_task', '1.24', 'task'],
        ['old_task', '1.0', 'task'],
      ]) {
        const context = rpc.client().prepare({ namespace, version });
        expect(await context.call(CTXT, 'which', {})).toBe(expected);
      }
    });

    rpcTest('refuses what no endpoint serves with UnsupportedVersion', url, async (rpc) => {
      await rpc.serve(ENDPOINTS);
      for (const [namespace, version] of [
        [null, '6.2'],
        [null, '5.0'],
        ['compute_task', '1.25'],
        ['strange', '1.0'],
      ]) {
        const error = await rpc
          .client()
          .prepare({ namespace, version })
          .call(CTXT, 'which', {})
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UnsupportedVersion);
        expect(error).toMatchObject({ code: 'UNSUPPORTED_VERSION', version, method: 'which' });
      }
    });

    rpcTest('refuses an unknown method with NoSuchMethod', url, async (rpc) => {
      await rpc.serve(ENDPOINTS);
      const client = rpc.client({ target: { version: '6.0' } });
      for (const method of ['absent', '_which', 'to_string', 'constructor', '__proto__', 'target']) {
        const error = await client.call(CTXT, method, {}).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(NoSuchMethod);
        expect(error).toMatchObject({ code: 'NO_SUCH_METHOD', method });
      }
    });
  });
}
