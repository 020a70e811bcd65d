import type { NovaConfig } from '@mini-nova/config';
import type { Logger } from '@mini-nova/messaging';
import { createLogger, type Launchable, serve } from '@mini-nova/service';
import { configOfDaemon, type DaemonCommandLine } from './command-line.ts';
import { withoutStartStacks } from './start-errors.ts';

export interface DaemonParts {
  config: NovaConfig;
  logger: Logger;
}

export interface Daemon extends DaemonCommandLine {
  /** Processes to run. Default 1. */
  workerCount?: (config: NovaConfig) => number;
  /** Makes the service, in the process that runs it. */
  compose(parts: DaemonParts): Launchable | Promise<Launchable>;
}

/** Runs a daemon until it is told to stop, and ends the process with its exit code. */
export async function runDaemon({ workerCount = () => 1, compose, ...commandLine }: Daemon): Promise<never> {
  const config = configOfDaemon(commandLine);
  const logger = createLogger({ name: commandLine.name, debug: config.DEFAULT.debug });
  for (const warning of config.warnings) logger.warn({ warning }, 'Configuration');
  const launcher = serve(() => compose({ config, logger }), workerCount(config), {
    logger: withoutStartStacks(logger),
  });
  process.exit(await launcher.wait());
}
