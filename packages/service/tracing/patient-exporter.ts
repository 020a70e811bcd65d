import type { Logger } from '@mini-nova/messaging';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { errorText } from '../error-name.ts';
import { shownText } from '../shown-text.ts';

export interface PatientExporterOptions {
  /** For logs; passwords masked. */
  endpoint: string;
  logger: Logger;
}

type Done = (result: ExportResult) => void;

/**
 * Exports through another exporter, and logs an outage once when it begins and once when it ends. The SDK would report
 * each batch to OpenTelemetry's process-wide error handler, which belongs to the program that uses this package.
 */
export class PatientExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #options: PatientExporterOptions;
  #taken = 0;
  #spansLost = 0;
  #closed = false;

  constructor(exporter: SpanExporter, options: PatientExporterOptions) {
    this.#exporter = exporter;
    this.#options = options;
  }

  /** Spans that were to be exported so far. */
  get taken(): number {
    return this.#taken;
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.#taken += spans.length;
    const finish: Done = ({ code, error }) => {
      if (code === ExportResultCode.SUCCESS) this.#succeeded();
      else this.lose(spans.length, shownText(errorText(error)));
      done({ code: ExportResultCode.SUCCESS });
    };
    try {
      this.#exporter.export(spans, finish);
    } catch (error) {
      this.lose(spans.length, shownText(errorText(error)));
      done({ code: ExportResultCode.SUCCESS });
    }
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  /** Logs nothing from now on: exports under way are given up. */
  silence(): void {
    this.#closed = true;
  }

  /** Counts spans that will not be exported. */
  lose(spans: number, reason: string): void {
    const { endpoint, logger } = this.#options;
    if (this.#spansLost === 0 && !this.#closed) {
      logger.warn({ endpoint, reason }, 'Traces cannot be exported; trying on');
    }
    this.#spansLost += spans;
  }

  #succeeded(): void {
    if (this.#spansLost === 0 || this.#closed) return;
    const { endpoint, logger } = this.#options;
    logger.info({ endpoint, spansLost: this.#spansLost }, 'Traces can be exported again');
    this.#spansLost = 0;
  }
}
