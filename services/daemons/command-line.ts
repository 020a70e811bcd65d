import {
  type CommandLineOption,
  type CommandLineOptionsOptions,
  ConfigError,
  commandLineOptions,
  fromCommandLine,
  LiveConfig,
  type LoadConfigOptions,
} from '@mini-nova/config';
import { complain } from '@mini-nova/service';
import { Command, CommanderError, Option } from 'commander';
import { packageVersion } from './version.ts';

/** The program's exit code for a command line or a configuration that cannot be used. */
const WRONG_USE = 2;

export interface DaemonCommandLine extends CommandLineOptionsOptions {
  name: string;
  description: string;
  /** Shared flags that it does not have, by their key: `transportUrl`. */
  without?: readonly string[];
  /** Flags of its own. */
  flags?: readonly CommandLineOption[];
  /** What cannot be chosen in this daemon, by `group.option`. */
  fixed?: LoadConfigOptions['overrides'];
}

/** Of the daemons that serve the REST API. */
export const portFlag: CommandLineOption = {
  flags: '--port <port>',
  key: 'port',
  description: 'port of the REST API',
  option: 'DEFAULT.osapi_compute_listen_port',
};

/**
 * The configuration of a daemon, from its command line and what that names: the same are read again when it is
 * reloaded. Help, wrong use and a wrong configuration end the process here: nothing has been opened yet.
 */
export function configOfDaemon(commandLine: DaemonCommandLine): LiveConfig {
  const { name, description, without = [], flags: own = [], fixed = {}, ...shared } = commandLine;
  const flags = [...commandLineOptions(shared).filter(({ key }) => !without.includes(key)), ...own];
  const program = new Command(name)
    .description(description)
    .version(packageVersion())
    .allowExcessArguments(false);
  addFlags(program, flags);
  return orExit(() => {
    program.exitOverride().parse();
    const { overrides, ...sources } = fromCommandLine(program.opts(), flags);
    return LiveConfig.load({ ...sources, overrides: { ...overrides, ...fixed } });
  });
}

export function addFlags(program: Command, flags: readonly CommandLineOption[]): void {
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
