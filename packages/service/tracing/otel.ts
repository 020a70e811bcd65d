import { maskUrl } from '@mini-nova/masking';
import type { Logger, RpcHooks } from '@mini-nova/messaging';
import { getNumberFromEnv } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { settlesWithin } from '../timer.ts';
import { BoundedSpans } from './bounded-spans.ts';
import { OtelTracer } from './otel-tracer.ts';
import { PatientExporter } from './patient-exporter.ts';
import { RpcTracing } from './rpc-tracing.ts';
import { clearTracer, setTracer } from './tracer.ts';

export interface TracingOptions {
  /** The daemon: `nova-compute`. */
  serviceName: string;
  /** The daemon's host. */
  host: string;
  /** The version of the daemon's code. */
  version: string;
  /** A collector's OTLP address over HTTP: `http://127.0.0.1:4318`; `/v1/traces` is added unless it ends so. */
  endpoint: string;
  /**
   * The share of the traces that begin here to be recorded, 0 to 1. For other traces, their first service has decided.
   */
  sampleRatio: number;
  logger: Logger;
}

/** Tracing, switched on until its shutdown. */
export interface Tracing {
  /** For the transports. */
  readonly hooks: RpcHooks;
  /** Sends the pending spans, within two seconds. Never rejects. */
  flush(): Promise<void>;
  /** Switches tracing off and sends the pending spans, within two seconds. Never rejects. Idempotent. */
  shutdown(): Promise<void>;
}

/** Seconds. */
const FLUSH_TIMEOUT = 2;
const PATH = '/v1/traces';

/**
 * Switches tracing on: spans go to a collector from now on, in batches. OpenTelemetry's process-wide API is left alone. The
 * environment variables OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE and their like, OTEL_RESOURCE_ATTRIBUTES
 * and OTEL_BSP_SCHEDULE_DELAY do what OpenTelemetry says.
 *
 * @throws TypeError when the endpoint is no HTTP URL, or the ratio is not between 0 and 1
 */
export function openTracing(options: TracingOptions): Tracing {
  const { sampleRatio, logger } = options;
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
    throw new TypeError(`sampleRatio is ${sampleRatio}, but must be 0 to 1`);
  }
  const url = tracesUrl(options.endpoint);
  const endpoint = maskUrl(url);
  const exporter = new PatientExporter(new OTLPTraceExporter({ url }), { endpoint, logger });
  const provider = new TracerProvider({
    resource: resourceOf(options),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [new BoundedSpans(new BatchSpanProcessor({ exporter, ...batching() }), exporter)],
  });
  const tracer = new OtelTracer(provider.getTracer('@mini-nova/service', options.version));
  setTracer(tracer);
  logger.info({ endpoint, sampleRatio }, 'Tracing is on');
  let shutdown: Promise<void> | undefined;
  return {
    hooks: new RpcTracing(tracer),
    async flush() {
      await settlesWithin(provider.forceFlush(), FLUSH_TIMEOUT);
    },
    shutdown() {
      clearTracer(tracer);
      shutdown ??= settlesWithin(provider.shutdown(), FLUSH_TIMEOUT).then((sent) => {
        if (!sent)
          logger.warn({ endpoint, seconds: FLUSH_TIMEOUT }, 'The last traces could not be exported in time');
        exporter.silence();
      });
      return shutdown;
    },
  };
}

function resourceOf({ serviceName, host, version }: TracingOptions): Resource {
  const own = resourceFromAttributes({
    'service.name': serviceName,
    'service.version': version,
    'service.instance.id': `${host}:${process.pid}`,
    'host.name': host,
    'process.pid': process.pid,
  });
  return defaultResource()
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(own);
}

function batching(): { scheduledDelayMillis?: number } {
  const delay = getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY');
  return delay === undefined || delay <= 0 ? {} : { scheduledDelayMillis: delay };
}

/** @throws TypeError */
function tracesUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TypeError(`The OTLP endpoint ${maskUrl(endpoint)} is not an http:// or https:// URL`);
  }
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(PATH) ? path : `${path}${PATH}`;
  return url.href;
}
