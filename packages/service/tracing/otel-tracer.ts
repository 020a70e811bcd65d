import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { errorName, errorText } from '../error-name.ts';
import { shownText } from '../shown-text.ts';
import type { SpanAttributes, SpanOptions, TraceContext, TracerBackend } from './tracer.ts';

const KINDS = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

const propagator = new W3CTraceContextPropagator();

/** Peers may send anything under these names. */
const getter: TextMapGetter<Readonly<Record<string, unknown>>> = {
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => {
    const value = carrier[key];
    return typeof value === 'string' ? value : undefined;
  },
};

/**
 * OpenTelemetry spans. The current one is kept here rather than in OpenTelemetry's process-wide context, which
 * belongs, if to anyone, to the program that uses this package.
 */
export class OtelTracer implements TracerBackend {
  readonly #tracer: Tracer;
  readonly #around = new AsyncLocalStorage<Span>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  async withSpan<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T> {
    const { kind = 'internal', attributes = {}, parent } = options;
    const context = parent === undefined ? this.#context() : contextOf(parent);
    const span = this.#tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, context);
    try {
      return await this.#around.run(span, fn);
    } catch (error) {
      recordError(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  annotate(attributes: SpanAttributes): void {
    this.#around.getStore()?.setAttributes({ ...attributes });
  }

  current(): TraceContext | undefined {
    const headers: Partial<TraceContext> = {};
    propagator.inject(this.#context(), headers, {
      set: (carrier, key, value) => Object.assign(carrier, { [key]: value }),
    });
    const { traceparent, tracestate } = headers;
    if (traceparent === undefined) return undefined;
    return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
  }

  #context(): Context {
    const span = this.#around.getStore();
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  }
}

/** The trace context of a received message; empty when it has no valid `traceparent`. */
function contextOf(parent: Readonly<Record<string, unknown>>): Context {
  return propagator.extract(ROOT_CONTEXT, parent, getter);
}

/** Collectors may have other owners than logs: no password may get there. */
function recordError(span: Span, thrown: unknown): void {
  if (!span.isRecording()) return;
  const name = errorName(thrown);
  const message = shownText(errorText(thrown));
  span.recordException({ name, message, stack: shownText(stackOf(thrown)) });
  span.setAttribute('error.type', name);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function stackOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.stack) : '';
  } catch {
    return '';
  }
}
