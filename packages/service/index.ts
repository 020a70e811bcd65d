export { BaseAPI, BaseRPCAPI, type BaseRPCAPIOptions, baseRpc } from './base-rpc-api.ts';
export { type Caller, secondsLeft, throwIfGone } from './caller.ts';
export { CLOCK_TOLERANCE, ClockComparison, skewText } from './clock-skew.ts';
export { Daemon, type DaemonOptions, type DaemonServiceOptions } from './daemon.ts';
export type { Figure, FigureObserver, FigureValue } from './figure.ts';
export { gracefulShutdownTimeout, serviceOptions, transportOptions } from './from-config.ts';
export { Heartbeat, type HeartbeatOptions } from './heartbeat.ts';
export type { CutRequest, Intake } from './intake.ts';
export { KeyedQueue } from './keyed-queue.ts';
export type {
  Launchable,
  ReadinessCheck,
  ReadinessChecks,
  Remark,
  StopOptions,
} from './launch/launchable.ts';
export type {
  Launcher,
  LauncherState,
  LaunchOptions,
  LaunchSource,
  RestartMethod,
} from './launch/launcher.ts';
export {
  ProcessLauncher,
  type ProcessLauncherOptions,
  type WorkerStatus,
} from './launch/process-launcher.ts';
export { launchAll, serve } from './launch/serve.ts';
export { ServiceLauncher, type ServiceLauncherOptions } from './launch/service-launcher.ts';
export { createLogger, type LeveledLogger, type LoggerOptions } from './logging.ts';
export { complain } from './logs/standard-error.ts';
export { Manager, type ManagerOptions } from './manager.ts';
export { ObservabilityListenError } from './observability/errors.ts';
export { daemonFlags } from './options/flags.ts';
export { type DaemonConfig, type DaemonSchema, daemonSchema } from './options/index.ts';
export {
  type PeriodicTask,
  PeriodicTasks,
  type PeriodicTasksOptions,
  type TaskEvent,
  type TaskObserver,
} from './periodic-tasks.ts';
export { activityRecord } from './report/activity-record.ts';
export { createReport, type ReportOptions, reportText } from './report/report.ts';
export { type ReadDeleted, RequestContext, type RequestContextOptions } from './request-context.ts';
export { RequestContextSerializer } from './request-context-serializer.ts';
export { currentContext, runWithContext } from './request-scope.ts';
export {
  createRpc,
  type NotificationWays,
  type Rpc,
  type RpcOptions,
  type RpcServingOptions,
} from './rpc.ts';
export { rpcLog } from './rpc-log.ts';
export {
  type NotificationOptions,
  Service,
  type ServiceOptions,
  type ServiceState,
  ServiceStopped,
  ShutdownTimeout,
} from './service.ts';
export { type ServiceInfo, ServiceRecordMissing, type ServiceRecords } from './service-records.ts';
export type { Setting } from './setting.ts';
export { settlesWithin } from './timer.ts';
export {
  annotateSpan,
  currentTraceContext,
  type SpanAttributes,
  type SpanOptions,
  type TraceContext,
  withSpan,
} from './tracing/tracer.ts';
export { type WhileWaiting, WorkQueue, type WorkQueueOptions } from './work-queue.ts';
