export { ObservabilityListenError } from './errors.ts';
export type { MetricsText } from './metrics-text.ts';
export { type Observability, type ObservabilityOptions, openObservability } from './observability.ts';
export { ObservabilityServer, type ObservabilityServerOptions } from './observability-server.ts';
export { type CheckResult, type ReadinessReport, runChecks } from './readiness.ts';
export { RpcMetrics } from './rpc-metrics.ts';
export { type TaskRun, taskMetrics } from './task-metrics.ts';
