import { type Context, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { PatientExporter } from './patient-exporter.ts';

/** The spans that may wait for their batch: as many as the SDK keeps. */
const MOST_WAITING = 2048;

/** Passes on spans while there is room for them; the others, which the SDK would drop silently, count as lost. */
export class BoundedSpans implements SpanProcessor {
  readonly #batches: SpanProcessor;
  readonly #exporter: PatientExporter;
  #ended = 0;

  constructor(batches: SpanProcessor, exporter: PatientExporter) {
    this.#batches = batches;
    this.#exporter = exporter;
  }

  onStart(span: Span, context: Context): void {
    this.#batches.onStart(span, context);
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#ended - this.#exporter.taken >= MOST_WAITING) {
      this.#exporter.lose(1, 'too many wait for it');
      return;
    }
    this.#ended += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }
}
