import { describe, expect } from 'vitest';
import { type JsonObject, Overloaded, RemoteError, RequestRefused, remoteErrors } from '../../index.ts';
import { ODD_FAILURES } from '../odd-failures.ts';
import { CTXT } from '../rpc-fixture.ts';
import type { UrlFactory } from '../transport-behaviour.ts';
import { rpcTest } from './rpc-test.ts';

class HostNotFound extends Error {
  override readonly name = 'HostNotFound';
  readonly host: string;

  constructor(host: string, options?: ErrorOptions) {
    super(`Compute host ${host} could not be found.`, options);
    this.host = host;
  }
}

class DiskOnFire extends Error {}

const FAILURES: Record<string, () => unknown> = {
  known: () => new HostNotFound('host7', { cause: new Error('no row') }),
  unknown: () => new DiskOnFire('sda burns'),
  plain: () => new Error('plain'),
  type: () => new TypeError('not a number'),
  range: () => new RangeError('too many'),
  text: () => 'just text',
  refused: () => new RequestRefused({ what: 'kitchen', limit: 3, unit: 'requests', retryAfter: 1.5 }),
  overloaded: () => new Overloaded({ what: 'outbox', limit: 100, unit: 'bytes' }),
};

function registerHostNotFound(): void {
  remoteErrors.register({
    module: 'test.exception',
    class: 'HostNotFound',
    type: HostNotFound,
    toKwargs: (error) => ({ host: (error as HostNotFound).host }),
    fromFailure: ({ kwargs }) => new HostNotFound(String((kwargs as JsonObject).host)),
  });
}

export function describeErrors(url: UrlFactory): void {
  describe('an error of a method', () => {
    const endpoint = {
      fail: async (_ctxt: object, { how }: { how: string }) => {
        throw FAILURES[how]?.();
      },
      giveUnserializable: () => ({ nested: [() => {}] }),
    };

    rpcTest('reaches the caller, however odd it is', url, async (rpc) => {
      const odd = async (_ctxt: object, { name }: { name: string }) => {
        throw ODD_FAILURES[name]?.();
      };
      await rpc.serve({ odd });
      const client = rpc.client();
      for (const name of Object.keys(ODD_FAILURES)) {
        await expect(client.call(CTXT, 'odd', { name }), name).rejects.toBeInstanceOf(RemoteError);
      }
    });

    rpcTest(
      'that refuses a request arrives as Overloaded, and one met on the way does not',
      url,
      async (rpc) => {
        await rpc.serve(endpoint);
        const client = rpc.client();
        const refused = await client.call(CTXT, 'fail', { how: 'refused' }).catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(Overloaded);
        expect(refused).toMatchObject({
          code: 'OVERLOADED',
          message: 'Overloaded: kitchen holds 3 requests, which is its limit',
          what: 'kitchen',
          limit: 3,
          retryAfter: 1.5,
        });
        const met = client.call(CTXT, 'fail', { how: 'overloaded' });
        await expect(met).rejects.toBeInstanceOf(RemoteError);
      },
    );

    rpcTest('keeps its class and data when the class is registered', url, async (rpc) => {
      registerHostNotFound();
      await rpc.serve(endpoint);
      const error = await rpc
        .client()
        .call(CTXT, 'fail', { how: 'known' })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(HostNotFound);
      expect(error).toMatchObject({ host: 'host7', message: 'Compute host host7 could not be found.' });
      const { cause } = error as HostNotFound;
      expect(cause).toBeInstanceOf(RemoteError);
      expect((cause as RemoteError).traceback.join('')).toMatch(/HostNotFound.*no row/s);
    });

    rpcTest('may occur as late as when the result is serialized', url, async (rpc) => {
      const lazy = () => {
        let looks = 0;
        return {
          get text(): string {
            looks += 1;
            if (looks > 1) throw new DiskOnFire('sda burns');
            return 'smoke';
          },
        };
      };
      await rpc.serve({ lazy });
      const call = rpc.client().call(CTXT, 'lazy', {});
      await expect(call).rejects.toMatchObject({ code: 'REMOTE_ERROR', excType: 'DiskOnFire' });
    });

    rpcTest('arrives as RemoteError when its module is not allowed', url, async (rpc) => {
      registerHostNotFound();
      await rpc.serve(endpoint);
      const client = rpc.client({ transport: rpc.transport({ allowedRemoteExmods: ['nova.exception'] }) });
      await expect(client.call(CTXT, 'fail', { how: 'known' })).rejects.toMatchObject({
        code: 'REMOTE_ERROR',
        excType: 'HostNotFound',
        module: 'test.exception',
        kwargs: { host: 'host7' },
      });
    });

    rpcTest('arrives as RemoteError when its class is not registered', url, async (rpc) => {
      await rpc.serve(endpoint);
      const client = rpc.client();
      for (const [how, excType, value] of [
        ['unknown', 'DiskOnFire', 'sda burns'],
        ['plain', 'Exception', 'plain'],
        ['type', 'TypeError', 'not a number'],
        ['range', 'ValueError', 'too many'],
        ['text', 'Exception', 'just text'],
      ]) {
        const error = await client.call(CTXT, 'fail', { how }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(RemoteError);
        expect(error).toMatchObject({ code: 'REMOTE_ERROR', excType, value });
        if (how === 'unknown') expect((error as RemoteError).traceback.join('')).toContain('sda burns');
      }
    });

    rpcTest('from a third server travels on as what it was', url, async (rpc) => {
      registerHostNotFound();
      await rpc.serve(endpoint, { server: 'last' });
      const inner = rpc.client().prepare({ server: 'last' });
      const relay = { relay: (ctxt: object, args: object) => inner.call(ctxt, 'fail', args) };
      await rpc.serve(relay, { server: 'first' });
      const outer = rpc.client().prepare({ server: 'first' });
      await expect(outer.call(CTXT, 'relay', { how: 'known' })).rejects.toBeInstanceOf(HostNotFound);
      await expect(outer.call(CTXT, 'relay', { how: 'unknown' })).rejects.toMatchObject({
        excType: 'DiskOnFire',
        value: 'sda burns',
      });
    });

    rpcTest('is what a result becomes that JSON cannot carry', url, async (rpc) => {
      await rpc.serve(endpoint);
      await expect(rpc.client().call(CTXT, 'give_unserializable', {})).rejects.toMatchObject({
        excType: 'TypeError',
        value: expect.stringContaining('result.nested[0]'),
      });
    });
  });
}
