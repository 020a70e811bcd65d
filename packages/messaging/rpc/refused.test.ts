import { expect, onTestFinished, test, vi } from 'vitest';
import { CallCancelled, Overloaded, RequestRefused } from '../errors.ts';
import { getRpcServer, getTransport, RPCClient, silentLogger, Target } from '../index.ts';
import { Gate } from '../test/rpc-fixture.ts';
import type { RpcRequest } from './request.ts';

const begun = new Gate();

const kitchen = {
  cook() {
    throw new RequestRefused({ what: 'kitchen', limit: 3, unit: 'requests' });
  },
  wait: (_ctxt: object, _args: object, { signal }: RpcRequest) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      begun.open();
    }),
};

test('requests that were refused, and those given up while they ran, are events of the transport', async () => {
  const events: { type: string; method: unknown }[] = [];
  const transport = getTransport({
    url: 'memory://refused/',
    logger: silentLogger,
    hooks: [{ onTransportEvent: ({ type, data }) => void events.push({ type, method: data.method }) }],
  });
  const server = getRpcServer(transport, new Target({ topic: 'kitchen', server: 'host1' }), [kitchen]);
  onTestFinished(async () => {
    await server.stop();
    await transport.close();
  });
  await server.start();
  const client = new RPCClient(transport, new Target({ topic: 'kitchen' }));
  events.length = 0;

  await expect(client.call({}, 'cook', {})).rejects.toBeInstanceOf(Overloaded);
  const user = new AbortController();
  const waiting = client.prepare({ signal: user.signal }).call({}, 'wait', {});
  const cancelled = expect(waiting).rejects.toBeInstanceOf(CallCancelled);
  await begun.opened;
  user.abort();
  await cancelled;

  await vi.waitFor(() =>
    expect(events).toEqual([
      { type: 'refused', method: 'cook' },
      { type: 'abandoned', method: 'wait' },
    ]),
  );
});
