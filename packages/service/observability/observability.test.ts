import { call, defineRpc, endpoint, getTransport, Target, type } from '@mini-nova/messaging';
import { expect, onTestFinished, test } from 'vitest';
import { RequestContext } from '../request-context.ts';
import { createRpc } from '../rpc.ts';
import { figuresOf } from '../test/figures.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { type ObservabilityOptions, openObservability } from './index.ts';

async function open(options: Partial<ObservabilityOptions> = {}) {
  const observability = openObservability({
    listen: '127.0.0.1',
    port: 0,
    checks: () => ({}),
    logger: new RecordingLogger(),
    ...options,
  });
  onTestFinished(() => observability.server.stop());
  await observability.server.start();
  const get = (path: string) => fetch(`http://127.0.0.1:${observability.port}${path}`);
  return { observability, get, figures: async () => figuresOf(await (await get('/metrics')).text()) };
}

test('what its hooks record is what Prometheus reads', async () => {
  const { observability, figures } = await open();
  const transport = getTransport({ url: `memory://${crypto.randomUUID()}/`, hooks: [observability.hooks] });
  onTestFinished(() => transport.close());
  const rpc = createRpc(transport);
  const greet = call('greet', { since: '1.0', to: 'topic', result: type<string>() });
  const greeter = endpoint(defineRpc({ topic: 't' }, { greet }), { greet: () => 'hello' });
  await rpc.getServer(new Target({ topic: 't', server: 'h' }), [greeter]).start();
  await rpc.getClient(new Target({ topic: 't' })).call(new RequestContext(), 'greet', {});
  observability.onTaskRun({ task: 'sync', duration: 1 });
  observability.onHeartbeat(new Date(5_000), -2.5);
  const text = await figures();
  expect(text.get('nova_rpc_server_duration_seconds_count{method="greet",kind="call"}')).toBe(1);
  expect(text.get('nova_periodic_task_duration_seconds_count{task="sync"}')).toBe(1);
  expect(text.get('nova_service_heartbeat_timestamp_seconds')).toBe(5);
  expect(text.get('nova_service_clock_skew_seconds')).toBe(-2.5);
  expect(text.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(text.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
});

test('figures of the process can be left out', async () => {
  const { figures } = await open({ processMetrics: false });
  expect([...(await figures()).keys()].filter((name) => !name.startsWith('nova_'))).toEqual([]);
});

test('the checks run at each request', async () => {
  let broker = () => {};
  const { get } = await open({ checks: () => ({ broker }) });
  expect((await get('/readyz')).status).toBe(200);
  broker = () => {
    throw new Error('away');
  };
  expect((await get('/readyz')).status).toBe(503);
});

test('two in one process do not interfere', async () => {
  const one = await open();
  const other = await open();
  one.observability.onTaskRun({ task: 'sync', duration: 1 });
  expect((await other.figures()).has('nova_periodic_task_duration_seconds_count{task="sync"}')).toBe(false);
});
