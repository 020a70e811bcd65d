import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import {
  getRpcServer,
  getTransport,
  MessageDeliveryFailure,
  RPCClient,
  silentLogger,
  Target,
  type Transport,
} from './index.ts';
import { CTXT, Gate } from './test/rpc-fixture.ts';

test('a server and its transport end with the block that declares them, after the requests are answered', async () => {
  const url = `memory://${randomUUID()}/`;
  const target = new Target({ topic: 'greeter', server: 'host1' });
  const gate = new Gate();
  const caller = getTransport({ url, logger: silentLogger });
  onTestFinished(() => caller.close());
  const client = new RPCClient(caller, target, { timeout: 60 });

  let held: Promise<unknown>;
  let ended: Transport;
  {
    await using transport = getTransport({ url, logger: silentLogger });
    await using server = getRpcServer(transport, target, [{ hold: () => gate.opened.then(() => 'done') }]);
    await server.start();
    held = client.call(CTXT, 'hold');
    await expect.poll(() => server.running).toHaveLength(1);
    setTimeout(() => gate.open());
    ended = transport;
  }
  expect(await held).toBe('done');
  await expect(new RPCClient(ended, target).cast(CTXT, 'hold')).rejects.toThrow(MessageDeliveryFailure);
});
