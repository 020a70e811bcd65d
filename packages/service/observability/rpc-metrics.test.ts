import {
  call,
  defineRpc,
  type EndpointOf,
  endpoint,
  getTransport,
  RemoteError,
  type RPCClient,
  Target,
  type Transport,
  type,
} from '@mini-nova/messaging';
import { Registry } from 'prom-client';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { RequestContext } from '../request-context.ts';
import { createRpc } from '../rpc.ts';
import { counted, figuresOf } from '../test/figures.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { RpcMetrics } from './rpc-metrics.ts';

const ctxt = new RequestContext();
let registry: Registry;
let metrics: RpcMetrics;

beforeEach(() => {
  registry = new Registry();
  metrics = new RpcMetrics(registry);
});

function open(hooks = [metrics]): Transport {
  const transport = getTransport({
    url: `memory://${crypto.randomUUID()}/`,
    hooks,
    logger: new RecordingLogger(),
  });
  onTestFinished(() => transport.close());
  return transport;
}

const greeterRpc = defineRpc(
  { topic: 'greeter' },
  {
    greet: call('greet', { since: '1.0', to: 'topic', result: type<string>() }),
    fail: call('fail', { since: '1.0', to: 'topic' }),
    wait: call('wait', { since: '1.0', to: 'topic' }),
    askOther: call('ask_other', { since: '1.0', to: 'topic' }),
  },
);

class Greeter implements EndpointOf<typeof greeterRpc, RequestContext> {
  release: () => void = () => {};
  other: RPCClient | undefined;

  async greet(): Promise<string> {
    return 'hello';
  }

  async fail(): Promise<never> {
    throw new RangeError('too far');
  }

  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.release = resolve;
    });
  }

  /** A method that the other server does not have. */
  async askOther(): Promise<void> {
    await this.other?.call(ctxt, 'no_such_method_there', {});
  }
}

async function serve(transport = open()) {
  const rpc = createRpc(transport);
  const greeter = new Greeter();
  await rpc.getServer(new Target({ topic: 'greeter', server: 'h' }), [endpoint(greeterRpc, greeter)]).start();
  const client = rpc.getClient(new Target({ topic: 'greeter' }));
  return { greeter, client };
}

const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

test('RPCs are counted at both ends, by method and kind', async () => {
  const { client } = await serve();
  await client.call(ctxt, 'greet', {});
  await client.call(ctxt, 'greet', {});
  await client.cast(ctxt, 'greet', {});
  await client.prepare({ fanout: true }).cast(ctxt, 'greet', {});
  await vi.waitFor(async () =>
    expect(await counted(registry, 'nova_rpc_')).toEqual({
      'nova_rpc_client_duration_seconds_count{method="greet",kind="call"}': 2,
      'nova_rpc_client_duration_seconds_count{method="greet",kind="cast"}': 1,
      'nova_rpc_client_duration_seconds_count{method="greet",kind="fanout"}': 1,
      'nova_rpc_server_duration_seconds_count{method="greet",kind="call"}': 2,
      'nova_rpc_server_duration_seconds_count{method="greet",kind="cast"}': 2,
      'nova_rpc_queue_wait_seconds_count{method="greet"}': 4,
      nova_rpc_server_in_flight: 0,
      nova_rpc_client_in_flight: 0,
    }),
  );
});

test('durations are in seconds', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const next = async () => void vi.advanceTimersByTime(1_500);
  const target = new Target({ topic: 't' });
  await metrics.aroundServe(
    { kind: 'call', method: 'm', target, ctxt: {}, queueWait: 250, attempt: 1 },
    next,
  );
  const figures = figuresOf(await registry.metrics());
  expect(figures.get('nova_rpc_server_duration_seconds_sum{method="m",kind="call"}')).toBe(1.5);
  expect(figures.get('nova_rpc_server_duration_seconds_bucket{le="1",method="m",kind="call"}')).toBe(0);
  expect(figures.get('nova_rpc_server_duration_seconds_bucket{le="2.5",method="m",kind="call"}')).toBe(1);
  expect(figures.get('nova_rpc_queue_wait_seconds_sum{method="m"}')).toBe(0.25);
});

test('failures are counted by the class of their error, and keep their durations', async () => {
  const { client } = await serve();
  expect(await outcome(client.call(ctxt, 'fail', {}))).toBeInstanceOf(RemoteError);
  const failed = await counted(registry, 'nova_rpc_');
  expect(failed).toMatchObject({
    'nova_rpc_server_errors_total{method="fail",error="RangeError"}': 1,
    // The class on the wire, as Python names it.
    'nova_rpc_client_errors_total{method="fail",error="ValueError"}': 1,
    'nova_rpc_server_duration_seconds_count{method="fail",kind="call"}': 1,
    'nova_rpc_client_duration_seconds_count{method="fail",kind="call"}': 1,
  });
});

test('running handlers and waiting calls are shown', async () => {
  const { client, greeter } = await serve();
  const waiting = client.call(ctxt, 'wait', {});
  await vi.waitFor(async () =>
    expect(await counted(registry, 'nova_rpc_')).toEqual({
      nova_rpc_server_in_flight: 1,
      nova_rpc_client_in_flight: 1,
    }),
  );
  greeter.release();
  await waiting;
  expect(await counted(registry, 'nova_rpc_')).toMatchObject({
    nova_rpc_server_in_flight: 0,
    nova_rpc_client_in_flight: 0,
  });
});

test('however many methods callers make up, the server counts them as one', async () => {
  const { client } = await serve();
  for (let index = 0; index < 20; index += 1) await outcome(client.call(ctxt, `made_up_${index}`, {}));
  await outcome(client.prepare({ version: '9.0' }).call(ctxt, 'greet', {}));
  expect(await counted(registry, 'nova_rpc_server')).toEqual({
    'nova_rpc_server_duration_seconds_count{method="unknown",kind="call"}': 21,
    'nova_rpc_server_errors_total{method="unknown",error="NoSuchMethod"}': 20,
    'nova_rpc_server_errors_total{method="unknown",error="UnsupportedVersion"}': 1,
    nova_rpc_server_in_flight: 0,
  });
  expect(await counted(registry, 'nova_rpc_queue_wait')).toEqual({
    'nova_rpc_queue_wait_seconds_count{method="unknown"}': 21,
  });
});

test('a method that asks another server in vain keeps its name', async () => {
  const { client, greeter } = await serve();
  greeter.other = (await serve(open([]))).client;
  await outcome(client.call(ctxt, 'ask_other', {}));
  expect(await counted(registry, 'nova_rpc_server_errors')).toEqual({
    'nova_rpc_server_errors_total{method="ask_other",error="NoSuchMethod"}': 1,
  });
});

test('however many error classes there are, their number is bounded', async () => {
  const target = new Target({ topic: 't' });
  for (let index = 0; index < 300; index += 1) {
    const error = new RemoteError({ excType: `E${index}`, module: 'm', value: '', traceback: [] });
    await metrics.aroundSend({ kind: 'call', method: 'm', target, ctxt: {} }, () => Promise.reject(error));
  }
  const errors = await counted(registry, 'nova_rpc_client_errors');
  expect(Object.keys(errors)).toHaveLength(101);
  expect(errors['nova_rpc_client_errors_total{method="m",error="other"}']).toBe(200);
});

test('labels that cannot be names are not kept', async () => {
  const error = new RemoteError({ excType: 'E'.repeat(10_000), module: 'm', value: '', traceback: [] });
  const rpc = { kind: 'call', method: 'm', target: new Target({ topic: 't' }), ctxt: {} } as const;
  await metrics.aroundSend(rpc, () => Promise.reject(error));
  expect(await counted(registry, 'nova_rpc_client_errors')).toEqual({
    'nova_rpc_client_errors_total{method="m",error="other"}': 1,
  });
});

test('transport events are counted, and a connection that comes back', async () => {
  const tell = (type: string, connection: string) => metrics.onTransportEvent({ type, data: { connection } });
  tell('connected', 'a');
  tell('connected', 'b');
  expect(await counted(registry, 'nova_transport_reconnects')).toEqual({
    nova_transport_reconnects_total: 0,
  });
  tell('disconnected', 'a');
  tell('connected', 'c');
  expect(await counted(registry, 'nova_transport_reconnects')).toEqual({
    nova_transport_reconnects_total: 0,
  });
  tell('connected', 'a');
  expect(await counted(registry, 'nova_transport')).toEqual({
    'nova_transport_events_total{type="connected"}': 4,
    'nova_transport_events_total{type="disconnected"}': 1,
    nova_transport_reconnects_total: 1,
  });
});

test('two connections of one name come back twice', async () => {
  for (const type of ['disconnected', 'disconnected', 'connected', 'connected', 'connected']) {
    metrics.onTransportEvent({ type, data: { connection: 'a' } });
  }
  expect(await counted(registry, 'nova_transport_reconnects')).toEqual({
    nova_transport_reconnects_total: 2,
  });
});
