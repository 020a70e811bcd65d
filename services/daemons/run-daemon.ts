import { Daemon, type Launchable } from '@mini-nova/service';
import { configOfDaemon, type DaemonCommandLine } from './command-line.ts';
import type { NovaConfig, NovaSchema } from './nova-schema.ts';
import { withoutStartStacks } from './start-errors.ts';
import { packageVersion } from './version.ts';

export interface DaemonMain extends DaemonCommandLine {
  /** Processes to run. Default 1. */
  workerCount?: (config: NovaConfig) => number;
  /** Makes the service, in the process that runs it. Made again, it reads the configuration anew. */
  compose(daemon: Daemon<NovaSchema>): Launchable | Promise<Launchable>;
}

/** Runs a daemon until it is told to stop, and ends the process with its exit code. */
export async function runDaemon({ workerCount = () => 1, compose, ...main }: DaemonMain): Promise<never> {
  const options = {
    name: main.name,
    version: packageVersion(),
    config: configOfDaemon(main),
    wrapLogger: withoutStartStacks,
  };
  return Daemon.run(options, (daemon) => daemon.serve(() => compose(daemon), workerCount(daemon.config)));
}
