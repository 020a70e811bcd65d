import cluster from 'node:cluster';
import { basename } from 'node:path';
import type { Launcher, LaunchOptions, LaunchSource } from './launcher.ts';
import { createLogger } from './logging.ts';
import { ProcessLauncher } from './process-launcher.ts';
import { onStopSignals } from './stop-signals.ts';
import { onPrimaryStops, tellStarted } from './worker-channel.ts';
import { WorkerLauncher } from './worker-launcher.ts';

/**
 * Runs a service until SIGTERM or SIGINT, which stop it in order; a second signal exits with 1 at once. An error
 * that is caught nowhere is logged, and exits with 1.
 *
 *     process.exit(await serve(service).wait());
 *
 * With more than one worker the main script runs again in each of them, and `serve` starts the service there
 * only: what the script does before this call should open nothing. Crashed workers are replaced.
 */
export function serve(service: LaunchSource, workers = 1, options: LaunchOptions = {}): Launcher {
  if (workers <= 1 || cluster.isWorker) return launchAll([service], options);
  return new WorkerLauncher({
    workers,
    logger: options.logger ?? defaultLogger(),
    restartDelay: options.restartDelay ?? 0.5,
    maxRestartDelay: options.maxRestartDelay ?? 30,
    maxFailedStarts: options.maxFailedStarts ?? 5,
  });
}

/** Runs several services in this process: started in order, stopped in the opposite order. */
export function launchAll(services: readonly LaunchSource[], options: LaunchOptions = {}): Launcher {
  const logger = options.logger ?? defaultLogger();
  if (cluster.isWorker) {
    return new ProcessLauncher(services, { logger, listen: onPrimaryStops, onStarted: tellStarted });
  }
  return new ProcessLauncher(services, { logger, listen: onStopSignals });
}

function defaultLogger() {
  return createLogger({ name: basename(process.argv[1] ?? 'node') });
}
