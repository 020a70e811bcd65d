import type { Logger, RpcHooks } from '@mini-nova/messaging';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { FigureObserver } from '../figure.ts';
import type { Launchable, ReadinessChecks } from '../launch/launchable.ts';
import { ClusterMetrics } from './cluster-metrics.ts';
import { figureMetrics } from './figure-metrics.ts';
import { heartbeatMetrics } from './heartbeat-metrics.ts';
import { logMetrics } from './log-metrics.ts';
import { ObservabilityServer } from './observability-server.ts';
import { runChecks } from './readiness.ts';
import { RpcMetrics } from './rpc-metrics.ts';
import { type TaskRun, taskMetrics } from './task-metrics.ts';
import { WorkerMetrics } from './worker-metrics.ts';

export interface ObservabilityOptions {
  /**
   * `single`: a process of its own. `primary`: it serves the endpoint for its workers. `worker`: its primary does.
   * Default `single`.
   */
  role?: 'single' | 'primary' | 'worker';
  /** An address or a host name; of no use to a worker. */
  listen: string;
  /** 0: any free port; of no use to a worker. */
  port: number;
  /** Asked at each `/readyz`. */
  checks(): ReadinessChecks;
  /** Whether to include figures of the process itself: memory, event-loop delay, garbage collection. Default true. */
  processMetrics?: boolean;
  /** Seconds in which a check, or a worker, must answer. Default 2. */
  timeout?: number;
  logger: Logger;
}

/** A process's figures, and the hooks that feed them. */
export interface Observability {
  /** For further metrics. */
  readonly registry: Registry;
  /** For the transports. */
  readonly hooks: RpcHooks;
  /** To be called for each run of a periodic task. */
  readonly onTaskRun: (run: TaskRun) => void;
  /** To be called when the service record was kept alive. */
  readonly onHeartbeat: (at: Date, clockSkew?: number | null) => void;
  /** To be called with a service's own figures. */
  readonly onFigures: FigureObserver;
  /** The endpoint or, in a worker, what answers the primary. To be started first and stopped last. */
  readonly server: Launchable;
  /** The endpoint's port; null while it does not listen, and in a worker. */
  readonly port: number | null;
}

/** Seconds; Prometheus gives a scrape ten. */
const TIMEOUT = 2;

/** Opens nothing until its server is started. */
export function openObservability(options: ObservabilityOptions): Observability {
  const registry = new Registry();
  // These are collected for as long as the process runs.
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  logMetrics(registry);
  const figures = {
    registry,
    hooks: new RpcMetrics(registry),
    onTaskRun: taskMetrics(registry),
    onHeartbeat: heartbeatMetrics(registry),
    onFigures: figureMetrics(registry),
  };
  if (options.role === 'worker') {
    return { ...figures, server: new WorkerMetrics(registry, options.logger), port: null };
  }
  const server = options.role === 'primary' ? primaryServer(registry, options) : ownServer(registry, options);
  return {
    ...figures,
    server,
    get port() {
      return server.port;
    },
  };
}

function ownServer(registry: Registry, options: ObservabilityOptions): ObservabilityServer {
  const metrics = async () => ({ contentType: registry.contentType, text: await registry.metrics() });
  return new ObservabilityServer({ ...common(options), metrics });
}

function primaryServer(registry: Registry, options: ObservabilityOptions): ObservabilityServer {
  const workers = new ClusterMetrics({ registry, timeout: options.timeout ?? TIMEOUT });
  return new ObservabilityServer({
    ...common(options),
    metrics: () => workers.text(),
    release: () => workers.close(),
  });
}

function common({ listen, port, logger, checks, timeout = TIMEOUT }: ObservabilityOptions) {
  return { listen, port, logger, checks: () => runChecks(checks(), timeout) };
}
