import { type CommandLineOption, configFileOptions } from '../command-line.ts';
import type { OptionPath } from '../option.ts';
import type { NovaSchema } from './index.ts';

export interface CommandLineOptionsOptions {
  /** What `--workers` sets in this daemon; without it there is no such flag. */
  workers?: 'conductor.workers' | 'scheduler.workers' | 'DEFAULT.osapi_compute_workers';
}

/** The flags that all daemons share. */
export function commandLineOptions({
  workers,
}: CommandLineOptionsOptions = {}): CommandLineOption<OptionPath<NovaSchema>>[] {
  const options: CommandLineOption<OptionPath<NovaSchema>>[] = [
    ...configFileOptions(),
    {
      flags: '--transport-url <url>',
      key: 'transportUrl',
      description: 'message bus',
      option: 'DEFAULT.transport_url',
    },
    {
      flags: '--database-connection <url>',
      key: 'databaseConnection',
      description: 'database',
      option: 'database.connection',
    },
    { flags: '--host <name>', key: 'host', description: 'name of this host', option: 'DEFAULT.host' },
    { flags: '--debug', key: 'debug', description: 'log on level debug', option: 'DEFAULT.debug' },
  ];
  if (workers) {
    options.push({
      flags: '--workers <count>',
      key: 'workers',
      description: 'processes to run',
      option: workers,
    });
  }
  return options;
}
