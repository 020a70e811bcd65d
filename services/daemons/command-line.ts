import {
  type CommandLineOption,
  ConfigError,
  configFileOptions,
  fromCommandLine,
  LiveConfig,
  type LoadConfigOptions,
  type OptionPath,
} from '@mini-nova/config';
import { databaseFlag } from '@mini-nova/data/options';
import { complain, daemonFlags } from '@mini-nova/service';
import { Command, CommanderError, Option } from 'commander';
import { type NovaSchema, novaSchema } from './nova-schema.ts';
import { packageVersion } from './version.ts';

type Flag = CommandLineOption<OptionPath<NovaSchema>>;

/** The program's exit code for a command line or a configuration that cannot be used. */
const WRONG_USE = 2;

export interface DaemonCommandLine {
  name: string;
  description: string;
  /** What `--workers` sets; without it there is no such flag. */
  workers?: 'conductor.workers' | 'scheduler.workers' | 'DEFAULT.osapi_compute_workers';
  /** Shared flags that it does not have, by their key: `transportUrl`. */
  without?: readonly string[];
  /** Flags of its own. */
  flags?: readonly Flag[];
  /** Options that are fixed in this daemon, by `group.option`. */
  fixed?: LoadConfigOptions<NovaSchema>['overrides'];
}

const sharedFlags: readonly Flag[] = [
  ...configFileOptions(),
  daemonFlags.transportUrl,
  databaseFlag,
  daemonFlags.host,
  daemonFlags.debug,
];

function workersFlag(option: NonNullable<DaemonCommandLine['workers']>): Flag {
  return { flags: '--workers <count>', key: 'workers', description: 'processes to run', option };
}

/** Of the daemons that serve the REST API. */
export const portFlag: Flag = {
  flags: '--port <port>',
  key: 'port',
  description: 'port of the REST API',
  option: 'DEFAULT.osapi_compute_listen_port',
};

/**
 * The configuration of a daemon, from its command line and the files that it names, which are read again on a reload.
 * Help, wrong use and a wrong configuration end the process here: nothing has been opened yet.
 */
export function configOfDaemon(commandLine: DaemonCommandLine): LiveConfig<NovaSchema> {
  const { name, description, without = [], flags: own = [], fixed = {}, workers } = commandLine;
  const shared = sharedFlags.filter(({ key }) => !without.includes(key));
  const flags = [...shared, ...(workers ? [workersFlag(workers)] : []), ...own];
  const program = new Command(name)
    .description(description)
    .version(packageVersion())
    .allowExcessArguments(false);
  addFlags(program, flags);
  return orExit(() => {
    program.exitOverride().parse();
    const { overrides, ...sources } = fromCommandLine(program.opts(), flags);
    return LiveConfig.load({ schema: novaSchema, ...sources, overrides: { ...overrides, ...fixed } });
  });
}

export function addFlags(program: Command, flags: readonly Flag[]): void {
  for (const { flags: notation, description, collect } of flags) {
    const option = new Option(notation, description);
    program.addOption(collect ? option.argParser(collect) : option);
  }
}

/** Help, wrong use and a wrong configuration end the process; so `work` must have opened nothing. */
export function orExit<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USE);
    if (!(error instanceof ConfigError)) throw error;
    complain(error.message);
    process.exit(WRONG_USE);
  }
}
