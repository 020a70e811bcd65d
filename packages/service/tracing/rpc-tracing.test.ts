import { call, defineRpc, endpoint, getTransport, type RpcHooks, Target } from '@mini-nova/messaging';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RequestContext } from '../request-context.ts';
import { createRpc } from '../rpc.ts';
import { OtlpCollector } from '../test/otlp-collector.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { openTracing } from './otel.ts';
import { withSpan } from './tracer.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

async function start({ sampleRatio = 1 } = {}) {
  const collector = await OtlpCollector.start();
  const logger = new RecordingLogger();
  const endpoint = collector.endpoint;
  const options = { serviceName: 'nova-test', host: 'h', version: '1', endpoint, sampleRatio, logger };
  const tracing = openTracing(options);
  onTestFinished(() => tracing.shutdown());
  return { collector, tracing, logger, ...openBus(tracing.hooks, logger) };
}

/** Clients and servers of one bus. */
function openBus(hooks: RpcHooks, logger: RecordingLogger) {
  const url = `memory://${crypto.randomUUID()}/`;
  const open = (traced: boolean) => {
    const transport = getTransport({ url, hooks: traced ? [hooks] : [], logger });
    onTestFinished(() => transport.close());
    return createRpc(transport);
  };
  const clientOf = (topic: string, traced = true) => open(traced).getClient(new Target({ topic }));
  const serve = async (topic: string, methods: Record<string, Method>, traced = true) => {
    const defined = Object.keys(methods).map((name) => [name, call(name, { since: '1.0', to: 'topic' })]);
    const served = endpoint(defineRpc({ topic }, Object.fromEntries(defined)), methods);
    await open(traced)
      .getServer(new Target({ topic, server: 'h1' }), [served])
      .start();
  };
  return { clientOf, serve };
}

type Method = (ctxt: RequestContext, args: object) => Promise<unknown>;

const later = () => new Promise((resolve) => setTimeout(resolve, 1));
const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

test('a boot is one tree, from the request through calls and casts to the driver', async () => {
  const { collector, tracing, clientOf, serve } = await start();
  const built = vi.fn();
  await serve('compute', {
    build: () => withSpan('driver.spawn', {}, later).then(built),
  });
  await serve('scheduler', {
    select: async () => withSpan('schedule', {}, later),
  });
  await serve('conductor', {
    boot: async (ctxt) => {
      await later();
      await clientOf('scheduler').call(ctxt, 'select', {});
      await clientOf('compute').prepare({ server: 'h1' }).cast(ctxt, 'build', {});
    },
  });
  await withSpan('POST /servers', { kind: 'server' }, () =>
    clientOf('conductor').cast(new RequestContext(), 'boot', {}),
  );
  await vi.waitFor(() => expect(built).toHaveBeenCalled());
  await vi.waitFor(async () => {
    await tracing.flush();
    expect(collector.spans).toHaveLength(9);
  });
  expect(collector.tree()).toEqual([
    [
      'server POST /servers',
      [
        'producer conductor boot',
        [
          'consumer conductor boot',
          ['client scheduler select', ['server scheduler select', 'internal schedule']],
          ['producer compute build', ['consumer compute build', 'internal driver.spawn']],
        ],
      ],
    ],
  ]);
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
});

test('spans say what was called, where, and for which request', async () => {
  const { collector, tracing, clientOf, serve } = await start();
  await serve('compute', { ping: later });
  const ctxt = new RequestContext({ request_id: 'req-1' });
  await clientOf('compute').prepare({ server: 'h1', version: '1.0' }).call(ctxt, 'ping', {});
  await tracing.flush();
  const common = {
    'rpc.system.name': 'oslo.messaging',
    'rpc.method': 'ping',
    'messaging.destination.name': 'compute',
    'server.address': 'h1',
    'nova.rpc.kind': 'call',
    'nova.rpc.version': '1.0',
    'nova.request_id': 'req-1',
  };
  expect(collector.span('compute ping', 'client').attributes).toEqual(common);
  expect(collector.span('compute ping', 'server').attributes).toEqual({
    ...common,
    'nova.rpc.queue_wait': expect.any(Number),
  });
});

test('a fanout is one span that several serve', async () => {
  const { collector, tracing, clientOf, serve } = await start();
  await serve('compute', { refresh: later });
  await serve('compute', { refresh: later });
  await clientOf('compute').prepare({ fanout: true }).cast(new RequestContext(), 'refresh', {});
  await vi.waitFor(async () => {
    await tracing.flush();
    expect(collector.tree()).toEqual([
      ['producer compute refresh', 'consumer compute refresh', 'consumer compute refresh'],
    ]);
  });
  expect(collector.span('compute refresh', 'producer').attributes).toMatchObject({
    'nova.rpc.kind': 'fanout',
  });
});

test('a failed call fails the spans of both ends, and the caller gets its error', async () => {
  const { collector, tracing, clientOf, serve, logger } = await start();
  await serve('compute', {
    fail: async () => {
      throw new RangeError('too far');
    },
  });
  const error = await outcome(clientOf('compute').call(new RequestContext(), 'fail', {}));
  expect(error).toMatchObject({ excType: 'ValueError' });
  await tracing.flush();
  expect(collector.span('compute fail', 'server')).toMatchObject({
    failed: true,
    message: 'too far',
    attributes: { 'error.type': 'RangeError' },
  });
  expect(collector.span('compute fail', 'client')).toMatchObject({
    failed: true,
    attributes: { 'error.type': 'ValueError' },
  });
  expect(logger.lines.map(({ message }) => message)).not.toContain('An RPC hook failed');
});

test('a peer without tracing passes the trace on', async () => {
  const { collector, tracing, clientOf, serve } = await start();
  await serve('compute', { ping: later });
  await serve('conductor', { ask: (ctxt) => clientOf('compute', false).call(ctxt, 'ping', {}) }, false);
  await clientOf('conductor').call(new RequestContext(), 'ask', {});
  await tracing.flush();
  expect(collector.tree()).toEqual([['client conductor ask', 'server compute ping']]);
});

test.each(['garbage', 42, '00-0-0-01', { a: 1 }, null])(
  'the traceparent %o of a peer is ignored',
  async (sent) => {
    const { collector, tracing, clientOf, serve } = await start();
    await serve('compute', { ping: later });
    const extra = { traceparent: sent, tracestate: sent };
    await clientOf('compute').call(new RequestContext({ extra }), 'ping', {});
    await tracing.flush();
    expect(collector.tree()).toEqual([['client compute ping', 'server compute ping']]);
  },
);

test('an unsampled request stays unsampled to its end', async () => {
  const { collector, tracing, clientOf, serve } = await start();
  const seen = vi.fn();
  await serve('compute', {
    ping: async (ctxt) => seen(ctxt.extra.traceparent),
  });
  const extra = { traceparent: `00-${TRACE}-${PARENT}-00` };
  await clientOf('compute').call(new RequestContext({ extra }), 'ping', {});
  await tracing.flush();
  expect(collector.spans).toEqual([]);
  expect(seen).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(new RegExp(`^00-${TRACE}-\\w{16}-00$`)));
});

test('work that left its span’s scope is part of the trace of its request context', async () => {
  const { collector, tracing, clientOf, serve } = await start();
  await serve('compute', { ping: later });
  const extra = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=x' };
  await clientOf('compute').call(new RequestContext({ extra }), 'ping', {});
  await tracing.flush();
  const client = collector.span('compute ping', 'client');
  expect(client).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, traceState: 'vendor=x' });
  expect(collector.span('compute ping', 'server')).toMatchObject({
    traceId: TRACE,
    parentSpanId: client.spanId,
    traceState: 'vendor=x',
  });
});

test('the state of another trace is not passed on', async () => {
  const { tracing, clientOf, serve } = await start();
  const seen = vi.fn();
  await serve('compute', { ping: async (ctxt) => seen(ctxt.extra) });
  const extra = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=x', color: 'blue' };
  await withSpan('another', {}, () => clientOf('compute').call(new RequestContext({ extra }), 'ping', {}));
  await tracing.flush();
  expect(seen).toHaveBeenCalledExactlyOnceWith({
    traceparent: expect.not.stringContaining(TRACE),
    color: 'blue',
  });
});

test('the caller’s own context is left unchanged', async () => {
  const { clientOf, serve } = await start();
  await serve('compute', { ping: later });
  const ctxt = new RequestContext();
  await clientOf('compute').call(ctxt, 'ping', {});
  expect(ctxt.extra).toEqual({});
});

test('with ratio 0 nothing is recorded, and all works', async () => {
  const { collector, tracing, clientOf, serve } = await start({ sampleRatio: 0 });
  await serve('compute', { ping: async () => 'pong' });
  expect(await clientOf('compute').call(new RequestContext(), 'ping', {})).toBe('pong');
  await tracing.flush();
  expect(collector.spans).toEqual([]);
});
