import { AsyncLocalStorage } from 'node:async_hooks';
import { freePort } from '@mini-nova/testing';
import { context, trace } from '@opentelemetry/api';
import { loggingErrorHandler, setGlobalErrorHandler } from '@opentelemetry/core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { OtlpCollector } from '../test/otlp-collector.ts';
import { RecordingLogger } from '../test/recording-logger.ts';
import { openTracing, type TracingOptions } from './otel.ts';
import { annotateSpan, currentTraceContext, withSpan } from './tracer.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

function open(endpoint: string, options: Partial<TracingOptions> = {}) {
  const logger = new RecordingLogger();
  const tracing = openTracing({
    serviceName: 'nova-test',
    host: 'h1',
    version: '1.2.3',
    endpoint,
    sampleRatio: 1,
    logger,
    ...options,
  });
  onTestFinished(() => tracing.shutdown());
  return { tracing, logger };
}

async function start(options: Partial<TracingOptions> = {}) {
  const collector = await OtlpCollector.start();
  return { collector, ...open(collector.endpoint, options) };
}

const nothing = async () => {};
const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
const traceparent = (flags: string) => `00-${TRACE}-${PARENT}-${flags}`;

test('spans within spans are one tree, across awaits, timers and promises', async () => {
  const { collector, tracing } = await start();
  await withSpan('request', { kind: 'server' }, async () => {
    await withSpan('first', {}, nothing);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.resolve().then(() =>
      withSpan('queued', {}, () => withSpan('inner', { kind: 'client' }, nothing)),
    );
    await new Promise<void>((resolve) => {
      setImmediate(() => void withSpan('timer', {}, nothing).then(resolve));
    });
  });
  await withSpan('another', {}, nothing);
  await tracing.flush();
  expect(collector.tree()).toEqual([
    'internal another',
    ['server request', 'internal first', ['internal queued', 'client inner'], 'internal timer'],
  ]);
  const { traceId } = collector.span('request');
  expect(collector.spans.filter((span) => span.traceId === traceId)).toHaveLength(5);
});

test('concurrent spans do not mix', async () => {
  const { collector, tracing } = await start();
  const work = (name: string, wait: number) =>
    withSpan(name, {}, async () => {
      await new Promise((resolve) => setTimeout(resolve, wait));
      await withSpan(`within ${name}`, {}, nothing);
    });
  await Promise.all([work('a', 5), work('b', 1)]);
  await tracing.flush();
  expect(collector.tree()).toEqual([
    ['internal a', 'internal within a'],
    ['internal b', 'internal within b'],
  ]);
});

test('the collector learns whose spans they are, and what they describe', async () => {
  const { collector, tracing } = await start();
  await withSpan('work', { attributes: { vcpus: 2, image: 'cirros' } }, async () => {
    annotateSpan({ chosen: true });
  });
  await tracing.flush();
  expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
  expect(collector.span('work')).toMatchObject({
    service: 'nova-test',
    failed: false,
    attributes: { vcpus: 2, image: 'cirros', chosen: true },
  });
});

test('an error fails its span and those around it, is passed on unchanged, and reveals no password', async () => {
  const { collector, tracing } = await start();
  class NoValidHost extends Error {}
  const error = new NoValidHost('none; tried rabbit://nova:s3cret@h1/');
  const failing = withSpan('outer', {}, () => withSpan('inner', {}, () => Promise.reject(error)));
  expect(await outcome(failing)).toBe(error);
  await tracing.flush();
  for (const name of ['outer', 'inner']) {
    const span = collector.span(name);
    expect(span).toMatchObject({ failed: true, message: 'none; tried rabbit://nova:***@h1/' });
    expect(span.attributes).toMatchObject({ 'error.type': 'NoValidHost' });
    expect(span.events).toMatchObject([
      {
        name: 'exception',
        attributes: { 'exception.type': 'NoValidHost', 'exception.stacktrace': expect.any(String) },
      },
    ]);
    expect(JSON.stringify(span)).not.toContain('s3cret');
  }
});

test('a synchronous throw, even of a value that cannot be inspected, fails its span as well', async () => {
  const { collector, tracing } = await start();
  const broken = Object.create(null);
  const throwing = withSpan('work', {}, () => {
    throw broken;
  });
  expect(await outcome(throwing)).toBe(broken);
  await tracing.flush();
  expect(collector.span('work').failed).toBe(true);
});

test('a span belongs to what a message says, not to the span around', async () => {
  const { collector, tracing } = await start();
  const parent = { traceparent: traceparent('01'), tracestate: 'vendor=x' };
  let inner: unknown;
  await withSpan('around', {}, () =>
    withSpan('work', { parent }, async () => {
      inner = currentTraceContext();
    }),
  );
  await tracing.flush();
  const { spanId } = collector.span('work');
  expect(collector.span('work')).toMatchObject({
    traceId: TRACE,
    parentSpanId: PARENT,
    traceState: 'vendor=x',
  });
  expect(inner).toEqual({ traceparent: `00-${TRACE}-${spanId}-01`, tracestate: 'vendor=x' });
});

test.each<[string, Record<string, unknown>]>([
  ['none', {}],
  ['no text', { traceparent: 42 }],
  ['an object', { traceparent: { toString: () => traceparent('01') } }],
  ['garbage', { traceparent: 'garbage' }],
  ['a trace id of zeros', { traceparent: `00-${'0'.repeat(32)}-${PARENT}-01` }],
  ['too long', { traceparent: `${traceparent('01')}-${'0'.repeat(100_000)}` }],
  ['an unknown version', { traceparent: `ff-${TRACE}-${PARENT}-01` }],
])('a traceparent that is %s is ignored: the span begins a trace', async (_what, parent) => {
  const { collector, tracing } = await start();
  await withSpan('around', {}, () => withSpan('work', { parent }, nothing));
  await tracing.flush();
  const span = collector.span('work');
  expect(span.parentSpanId).toBeUndefined();
  expect([TRACE, collector.span('around').traceId]).not.toContain(span.traceId);
});

test('a malformed tracestate does not lose the traceparent', async () => {
  const { collector, tracing } = await start();
  const parent = { traceparent: traceparent('01'), tracestate: '=,=;\n\u0000' };
  await withSpan('work', { parent }, nothing);
  await tracing.flush();
  expect(collector.span('work')).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
});

test('what others decided not to record is not recorded here, whatever the ratio', async () => {
  const { collector, tracing } = await start({ sampleRatio: 1 });
  let context: unknown;
  await withSpan('work', { parent: { traceparent: traceparent('00') } }, () =>
    withSpan('inner', {}, async () => {
      context = currentTraceContext();
    }),
  );
  await withSpan('recorded', {}, nothing);
  await tracing.flush();
  expect(collector.tree()).toEqual(['internal recorded']);
  // Nor is it recorded by those that are called from here.
  expect(context).toEqual({
    traceparent: expect.stringMatching(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`)),
  });
});

test('what others decided to record is, whatever the ratio', async () => {
  const { collector, tracing } = await start({ sampleRatio: 0 });
  await withSpan('work', { parent: { traceparent: traceparent('01') } }, nothing);
  await withSpan('own', {}, () => withSpan('inner', {}, nothing));
  await tracing.flush();
  expect(collector.tree()).toEqual(['internal work']);
});

test('the ratio is the share of traces recorded, each as a whole', async () => {
  const { collector, tracing } = await start({ sampleRatio: 0.5 });
  for (let index = 0; index < 200; index += 1) {
    await withSpan('outer', {}, () => withSpan('inner', {}, nothing));
  }
  await tracing.flush();
  const outer = collector.spans.filter(({ name }) => name === 'outer');
  expect(outer.length).toBeGreaterThan(50);
  expect(outer.length).toBeLessThan(150);
  expect(collector.spans).toHaveLength(2 * outer.length);
});

test('headers for the collector come from the environment', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20abc,x-tenant=nova');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { collector, tracing } = await start();
  await withSpan('work', {}, nothing);
  await tracing.flush();
  expect(collector.requests[0]?.headers).toMatchObject({ authorization: 'Bearer abc', 'x-tenant': 'nova' });
});

test.each([
  ['', '/v1/traces'],
  ['/', '/v1/traces'],
  ['/otlp/', '/otlp/v1/traces'],
  ['/otlp/v1/traces', '/otlp/v1/traces'],
  ['/otlp/v1/traces/', '/otlp/v1/traces'],
])('an endpoint that ends with "%s" is asked at %s', async (end, path) => {
  const collector = await OtlpCollector.start();
  const { tracing } = open(`${collector.endpoint}${end}`);
  await withSpan('work', {}, nothing);
  await tracing.flush();
  expect(collector.requests.map((request) => request.path)).toEqual([path]);
});

test.each([
  [
    { endpoint: 'grpc://u:s3cret@h:4317' },
    'The OTLP endpoint grpc://u:***@h:4317 is not an http:// or https:// URL',
  ],
  [{ endpoint: '127.0.0.1:4318' }, 'The OTLP endpoint 127.0.0.1:4318 is not an http:// or https:// URL'],
  [{ sampleRatio: 1.5 }, 'sampleRatio is 1.5, but must be 0 to 1'],
  [{ sampleRatio: Number.NaN }, 'sampleRatio is NaN, but must be 0 to 1'],
])('wrong options are refused: %o', (options, message) => {
  expect(() => open('http://127.0.0.1:4318', options)).toThrow(new TypeError(message));
  expect(currentTraceContext()).toBeUndefined();
});

test('a key in the endpoint is for the collector, not for the log', async () => {
  const collector = await OtlpCollector.start();
  const { tracing, logger } = open(`${collector.endpoint}/v1/traces?api_key=s3cret`);
  await withSpan('work', {}, nothing);
  await tracing.flush();
  expect(collector.requests[0]?.path).toBe('/v1/traces?api_key=s3cret');
  expect(logger.lines[0]?.data).toMatchObject({ endpoint: `${collector.endpoint}/v1/traces?api_key=***` });
});

test('spans are sent without being asked for', async () => {
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { collector } = await start();
  await withSpan('work', {}, nothing);
  await vi.waitFor(() => expect(collector.tree()).toEqual(['internal work']));
});

test('a shutdown sends the pending spans; later spans are plain calls', async () => {
  const { collector, tracing } = await start();
  await withSpan('work', {}, nothing);
  await withSpan('around', {}, async () => {
    await tracing.shutdown();
    expect(currentTraceContext()).toBeUndefined();
    expect(await withSpan('late', {}, async () => 1)).toBe(1);
  });
  await tracing.shutdown();
  expect(collector.tree()).toEqual(['internal work']);
});

test('an unreachable collector is logged once, and so is its return', async () => {
  const port = await freePort();
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '700');
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { logger } = open(`http://127.0.0.1:${port}`);
  const work = () => withSpan('work', {}, nothing);
  await work();
  await vi.waitFor(() => expect(logger.of('warn')).toEqual(['Traces cannot be exported; trying on']));
  for (let batch = 0; batch < 5; batch += 1) {
    await work();
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const collector = await OtlpCollector.start(port);
  await vi.waitFor(async () => {
    await work();
    expect(collector.spans.length).toBeGreaterThan(0);
  });
  await vi.waitFor(() =>
    expect(logger.of('info')).toEqual(['Tracing is on', 'Traces can be exported again']),
  );
  expect(logger.of('warn')).toHaveLength(1);
  expect(logger.lines.find(({ level }) => level === 'warn')?.data).toEqual({
    endpoint: `http://127.0.0.1:${port}/v1/traces`,
    reason: expect.stringContaining('ECONNREFUSED'),
  });
});

test('spans for which there is no room while a collector hangs are counted, and reported when it is back', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '1000');
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { collector, logger, tracing } = await start();
  collector.answer = 'hang';
  let ended = 0;
  const work = async () => {
    await withSpan('work', {}, nothing);
    ended += 1;
  };
  while (ended < 10_000) await work();
  expect(logger.of('warn')).toEqual(['Traces cannot be exported; trying on']);
  collector.answer = 200;
  await vi.waitFor(async () => {
    await work();
    await tracing.flush();
    const told = logger.lines.filter(({ message }) => message === 'Traces can be exported again');
    const lost = told.map(({ data }) => ('spansLost' in data ? Number(data.spansLost) : 0));
    expect(told).not.toEqual([]);
    // What arrived too late for its sender counts as lost, too.
    const accounted = lost.reduce((sum, spans) => sum + spans, 0) + collector.spans.length;
    expect(accounted).toBeGreaterThanOrEqual(ended);
  });
});

test('a collector that refuses is logged as well, and nobody else hears of it', async () => {
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '10');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { collector, logger } = await start();
  const onError = vi.fn();
  setGlobalErrorHandler(onError);
  onTestFinished(() => setGlobalErrorHandler(loggingErrorHandler()));
  collector.answer = 401;
  await withSpan('work', {}, nothing);
  await vi.waitFor(() => expect(logger.of('warn')).toHaveLength(1));
  expect(onError).not.toHaveBeenCalled();
  expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { data: { reason: 'Unauthorized' } },
  ]);
});

test('a shutdown waits two seconds for a collector that hangs, and no longer', async () => {
  const { collector, tracing, logger } = await start();
  collector.answer = 'hang';
  await withSpan('work', {}, nothing);
  const begin = performance.now();
  await tracing.shutdown();
  expect(performance.now() - begin).toBeGreaterThan(1_900);
  expect(logger.of('warn')).toEqual(['The last traces could not be exported in time']);
  collector.stop();
});

test('OpenTelemetry’s process-wide API is left to others', async () => {
  const scopes = new AsyncLocalStorage();
  await start();
  await withSpan('work', {}, async () => {
    expect(trace.getActiveSpan()).toBeUndefined();
    expect(trace.getTracer('x').startSpan('y').isRecording()).toBe(false);
    // Nobody has set it: a later caller still can.
    expect(context.setGlobalContextManager(managerOf(scopes))).toBe(true);
    context.disable();
  });
});

function managerOf(
  scopes: AsyncLocalStorage<unknown>,
): Parameters<typeof context.setGlobalContextManager>[0] {
  const manager: Parameters<typeof context.setGlobalContextManager>[0] = {
    active: () => context.active(),
    with: (_context, fn, self, ...args) => scopes.run(undefined, () => fn.call(self as never, ...args)),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
