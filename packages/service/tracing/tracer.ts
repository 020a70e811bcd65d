/** A span's role in its trace, as OpenTelemetry defines it. */
export type SpanKind = 'internal' | 'client' | 'server' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A position in a trace, as W3C's Trace Context writes it into a message's headers. */
export interface TraceContext {
  traceparent: string;
  tracestate?: string;
}

export interface SpanOptions {
  /** Default `internal`. */
  kind?: SpanKind;
  attributes?: SpanAttributes;
  /**
   * The headers or the context of a message that caused this: its `traceparent` and `tracestate` say what the span belongs
   * to. Without a valid `traceparent` in it, the span begins a trace. Absent: the span belongs to the one around it.
   */
  parent?: Readonly<Record<string, unknown>>;
}

/** What records spans: OpenTelemetry's SDK (otel.ts), or a test. */
export interface TracerBackend {
  /** Runs `fn` within a span: spans that begin in it, and in everything it starts, belong to this one. */
  withSpan<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T>;
  /** Adds attributes to the surrounding span. */
  annotate(attributes: SpanAttributes): void;
  /** The surrounding span's position; undefined when there is none. */
  current(): TraceContext | undefined;
}

let backend: TracerBackend | undefined;

/** From now on, spans go there. */
export function setTracer(tracer: TracerBackend): void {
  backend = tracer;
}

/** Makes no more spans; with an argument, only if they go to that tracer. */
export function clearTracer(tracer: TracerBackend | undefined = backend): void {
  if (tracer === backend) backend = undefined;
}

/**
 * Runs `fn` as a span of the trace: `withSpan('schedule', { attributes }, () => …)`. An error is recorded and
 * rethrown. When nothing is traced, this is just a call of `fn`.
 */
export function withSpan<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T> {
  return backend === undefined ? fn() : backend.withSpan(name, options, fn);
}

/** Adds attributes that are known only now to the surrounding span: a status code, the chosen host. */
export function annotateSpan(attributes: SpanAttributes): void {
  backend?.annotate(attributes);
}

/** What a message to another process must carry so that its spans belong here; undefined outside any span. */
export function currentTraceContext(): TraceContext | undefined {
  return backend?.current();
}
