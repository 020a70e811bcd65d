import { type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CTXT, RpcFixture } from '../packages/messaging/test/rpc-fixture.ts';
import { OsloPeer } from './support/oslo-peer.ts';

let broker: PrivateRabbit;
let python: OsloPeer;
let rpc: RpcFixture;

beforeAll(async () => {
  broker = await startRabbit();
  python = await OsloPeer.start(broker.url);
  rpc = new RpcFixture(broker.url);
});
afterAll(async () => {
  await rpc.close();
  await python.close();
  await broker.close();
});

test('a broker is killed and comes back: calls are answered again in both directions', async () => {
  const target = { exchange: 'openstack', topic: rpc.topic, version: '1.0' };
  await python.serve({ ...target, server: 'py' });
  await rpc.serve({ evaluate: () => 'ts' }, { server: 'ts' });
  const ask = { method: 'evaluate', args: { expression: '"py"' } };
  // Python may take longer to come back than returned calls are kept.
  const ours = rpc.client({ target: { server: 'py' }, timeout: 250, failUndeliverable: false });
  const weCall = () => ours.call(CTXT, ask.method, ask.args);
  const pythonCalls = (timeout = 60) => python.call({ ...ask, target: { ...target, server: 'ts' }, timeout });
  expect([await weCall(), await pythonCalls()]).toEqual(['py', 'ts']);

  await broker.kill();
  // Made while there is no broker: the call waits for one, and for the server's queue.
  const meanwhile = weCall();
  await broker.start();

  expect(await meanwhile).toBe('py');
  await vi.waitFor(async () => expect(await pythonCalls(5)).toBe('ts'));
  expect([await weCall(), await pythonCalls()]).toEqual(['py', 'ts']);
});
