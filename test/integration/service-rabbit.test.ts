import { call, defineRpc, endpoint, getTransport, silentLogger, Target, type } from '@mini-nova/messaging';
import { createRpc, Manager, RequestContext, Service, ServiceStopped } from '@mini-nova/service';
import { freePort, type PrivateRabbit, startRabbit, uniqueTopic } from '@mini-nova/testing';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

const ctxt = new RequestContext();
const patiently = { interval: 100 };

let rabbit: PrivateRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit.close());

const echoRpc = defineRpc(
  {},
  {
    echo: call('echo', {
      since: '1.0',
      to: 'topic',
      args: type<{ text: string }>(),
      result: type<string>(),
    }),
    linger: call('linger', { since: '1.0', to: 'topic' }),
  },
);

class EchoManager extends Manager {
  override readonly endpoints = [endpoint(echoRpc, this)];
  lingering = 0;
  finish = (): void => {};
  async echo(_ctxt: RequestContext, { text }: { text: string }): Promise<string> {
    return text;
  }
  async linger(): Promise<void> {
    this.lingering += 1;
    await new Promise<void>((resolve) => {
      this.finish = resolve;
    });
  }
}

/** Waits between attempts are short, so that a test does not wait for them. */
const open = (url: string) =>
  getTransport({ url, logger: silentLogger, rpcResponseTimeout: 60, rabbit: { rabbitRetryInterval: 0.1 } });

function setUp(url: string) {
  const topic = uniqueTopic('echo');
  const manager = new EchoManager({ host: 'host1', serviceName: 'echo' });
  const service = Service.create({
    binary: 'nova-echo',
    topic,
    manager,
    transport: open(url),
    logger: silentLogger,
  });
  const transport = open(url);
  const client = createRpc(transport).getClient(new Target({ topic, version: '1.0' }));
  onTestFinished(async () => {
    await service.stop();
    await transport.close();
  });
  return { topic, service, manager, client };
}

async function consumersOf(topic: string): Promise<string[]> {
  const consumers = await rabbit.listConsumers();
  return consumers.map(({ queue }) => queue).filter((queue) => queue.startsWith(topic));
}

test('a running service consumes its topic, its host and the fanout; a stopped one nothing', async () => {
  const { topic, service, client } = setUp(rabbit.url);
  await service.start();
  expect(await client.call(ctxt, 'echo', { text: 'a' })).toBe('a');
  expect(await consumersOf(topic)).toHaveLength(3);
  await service.stop();
  await vi.waitFor(async () => expect(await consumersOf(topic)).toEqual([]));
});

test('a service whose broker was killed does not wait for it to stop', async () => {
  const { service } = setUp(rabbit.url);
  await service.start();
  await rabbit.kill();
  try {
    await service.stop();
  } finally {
    await rabbit.start();
  }
});

test('a service whose reply cannot be sent because its broker was killed stops without waiting for it', async () => {
  const { service, manager, client } = setUp(rabbit.url);
  await service.start();
  await client.call(ctxt, 'echo', { text: 'a' });
  const lost = client
    .prepare({ timeout: 5 })
    .call(ctxt, 'linger', {})
    .catch((error: unknown) => error);
  await vi.waitFor(() => expect(manager.lingering).toBe(1));
  await rabbit.kill();
  try {
    manager.finish();
    await service.stop();
  } finally {
    await rabbit.start();
  }
  expect(await lost).toMatchObject({ code: 'MESSAGING_TIMEOUT' });
});

test('a service serves again after its broker was killed and started', async () => {
  const { service, client } = setUp(rabbit.url);
  await service.start();
  await rabbit.kill();
  await rabbit.start();
  await vi.waitFor(async () => expect(await client.call(ctxt, 'echo', { text: 'b' })).toBe('b'), patiently);
});

test('a service that waits for its broker can be stopped', async () => {
  const { service } = setUp(`rabbit://guest:guest@127.0.0.1:${await freePort()}/`);
  const refused = expect(service.start()).rejects.toThrow(ServiceStopped);
  await vi.waitFor(() => expect(service.state).toBe('starting'));
  await service.stop();
  await refused;
});
