import { afterEach, expect, test, vi } from 'vitest';
import {
  annotateSpan,
  clearTracer,
  currentTraceContext,
  setTracer,
  type TracerBackend,
  withSpan,
} from './tracer.ts';

afterEach(() => clearTracer());

function makeTracer(): TracerBackend {
  return {
    withSpan: vi.fn((_name, _options, fn) => fn()),
    annotate: vi.fn(),
    current: () => ({ traceparent: 'here' }),
  };
}

test('without a tracer, a span is a call and nothing else', async () => {
  const promise = Promise.resolve(1);
  expect(withSpan('work', {}, () => promise)).toBe(promise);
  annotateSpan({ host: 'h' });
  expect(currentTraceContext()).toBeUndefined();
});

test('spans go to the tracer until it is removed', async () => {
  const tracer = makeTracer();
  setTracer(tracer);
  const options = { attributes: { host: 'h' } };
  expect(await withSpan('work', options, async () => 1)).toBe(1);
  annotateSpan({ vcpus: 2 });
  expect(tracer.withSpan).toHaveBeenCalledExactlyOnceWith('work', options, expect.any(Function));
  expect(tracer.annotate).toHaveBeenCalledExactlyOnceWith({ vcpus: 2 });
  expect(currentTraceContext()).toEqual({ traceparent: 'here' });
  clearTracer(tracer);
  expect(currentTraceContext()).toBeUndefined();
});

test("removing one's own tracer leaves another's in place", () => {
  const tracer = makeTracer();
  setTracer(tracer);
  clearTracer(makeTracer());
  expect(currentTraceContext()).toEqual({ traceparent: 'here' });
});
