import { AsyncLocalStorage } from 'node:async_hooks';
import { onTestFinished } from 'vitest';
import {
  clearTracer,
  type SpanAttributes,
  type SpanOptions,
  setTracer,
  type TraceContext,
  type TracerBackend,
} from '../../packages/service/tracing/tracer.ts';

export interface RecordedSpan {
  name: string;
  /** The name of its parent span; undefined: it has none, or one in another process. */
  inside: string | undefined;
  kind: string;
  attributes: SpanAttributes;
  parent: unknown;
  ended: boolean;
  error: unknown;
}

/** Keeps the spans of this process. */
export class RecordingTracer implements TracerBackend {
  readonly spans: RecordedSpan[] = [];
  readonly #around = new AsyncLocalStorage<RecordedSpan>();

  /** Records spans until the test ends. */
  static use(): RecordingTracer {
    const tracer = new RecordingTracer();
    setTracer(tracer);
    onTestFinished(() => clearTracer(tracer));
    return tracer;
  }

  span(name: string): RecordedSpan {
    const span = this.spans.find((one) => one.name === name);
    if (!span) throw new Error(`There is no span ${name} among ${this.spans.map((one) => one.name)}`);
    return span;
  }

  async withSpan<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T> {
    const { kind = 'internal', attributes = {}, parent } = options;
    const inside = parent === undefined ? this.#around.getStore()?.name : undefined;
    const span = { name, inside, kind, attributes, parent, ended: false, error: undefined as unknown };
    this.spans.push(span);
    try {
      return await this.#around.run(span, fn);
    } catch (error) {
      span.error = error;
      throw error;
    } finally {
      span.ended = true;
    }
  }

  annotate(attributes: SpanAttributes): void {
    const span = this.#around.getStore();
    if (span) span.attributes = { ...span.attributes, ...attributes };
  }

  current(): TraceContext | undefined {
    const span = this.#around.getStore();
    return span && { traceparent: span.name };
  }
}
