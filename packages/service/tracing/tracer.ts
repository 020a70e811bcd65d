/** What part a span has in its trace, as OpenTelemetry defines it. */
export type SpanKind = 'internal' | 'client' | 'server' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Where in a trace something is, as W3C's Trace Context writes it into the headers of a message. */
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
  /** Runs `fn` within a span: spans that begin in it, and in all it starts, belong to this one. */
  withSpan<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T>;
  /** Adds to the span around. */
  annotate(attributes: SpanAttributes): void;
  /** Of the span around; undefined when there is none. */
  current(): TraceContext | undefined;
}

let backend: TracerBackend | undefined;

/** From now on, spans go there. */
export function setTracer(tracer: TracerBackend): void {
  backend = tracer;
}

/** No spans any more; with an argument, only if they go there. */
export function clearTracer(tracer: TracerBackend | undefined = backend): void {
  if (tracer === backend) backend = undefined;
}

/**
 * Runs `fn` as a span of the trace: `withSpan('schedule', { attributes }, () => …)`. An error is recorded, and thrown on.
 * When nothing is traced, this is a call of `fn`, and no more.
 */
export function withSpan<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T> {
  return backend === undefined ? fn() : backend.withSpan(name, options, fn);
}

/** Adds attributes to the span around, of what is known only now: a status code, the host that was chosen. */
export function annotateSpan(attributes: SpanAttributes): void {
  backend?.annotate(attributes);
}

/** What a message to another process must carry for its spans to belong here; undefined outside of spans. */
export function currentTraceContext(): TraceContext | undefined {
  return backend?.current();
}
