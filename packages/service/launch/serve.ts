import cluster from 'node:cluster';
import { basename } from 'node:path';
import { createLogger } from '../logging.ts';
import { findingsOf } from '../observability/readiness.ts';
import type { Launcher, LaunchOptions, LaunchSource } from './launcher.ts';
import { ProcessLauncher } from './process-launcher.ts';
import { ServiceLauncher } from './service-launcher.ts';
import { onSignals } from './signals.ts';
import { onPrimaryOrders, tellPrimary } from './worker-channel.ts';

/**
 * Runs a service until SIGTERM stops it in order, or SIGINT at once; a second signal exits with 1. SIGHUP reloads, SIGUSR2
 * reports. An uncaught error is logged, and the process exits with 1.
 *
 *     process.exit(await serve(service).wait());
 *
 * With more than one worker the main script runs again in each of them, and `serve` starts the service there
 * only: what the script does before this call should open nothing. Workers that exit are replaced.
 */
export function serve(service: LaunchSource, workers = 1, options: LaunchOptions = {}): Launcher {
  if (workers <= 1 || cluster.isWorker) return launchAll([service], options);
  return new ProcessLauncher({ ...options, workers, logger: options.logger ?? defaultLogger() });
}

/** Runs several services in this process: started in order, stopped in the opposite order. */
export function launchAll(services: readonly LaunchSource[], options: LaunchOptions = {}): Launcher {
  const logger = options.logger ?? defaultLogger();
  if (!cluster.isWorker) return new ServiceLauncher(services, { ...options, logger, listen: onSignals });
  const launcher: ServiceLauncher = new ServiceLauncher(services, {
    ...options,
    logger,
    listen: (orders) => onPrimaryOrders({ ...orders, onCheck: () => findingsOf(launcher.checks) }),
    onState: (state) => {
      tellPrimary({ type: 'mini-nova:state', state });
      options.onState?.(state);
    },
  });
  return launcher;
}

function defaultLogger() {
  return createLogger({ name: basename(process.argv[1] ?? 'node') });
}
