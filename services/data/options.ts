import { type CommandLineOption, type Config, composeSchema, type OptionPath } from '@mini-nova/config';
import { databaseOptions } from '@mini-nova/database/options';
import { domainOptions } from '@mini-nova/domain/options';
import { daemonSchema } from '@mini-nova/service';
import { networkOptions } from './networks/options.ts';

/** The options of the database, and of what `nova-manage db sync` creates in it. */
export const dataOptions = composeSchema(
  databaseOptions('sqlite:///$state_path/nova.sqlite'),
  networkOptions,
);

/** The options that every program with a database reads. */
export const dataSchema = composeSchema(daemonSchema, domainOptions, dataOptions);

export type DataSchema = typeof dataSchema;

export type DataConfig = Config<DataSchema>;

export const databaseFlag = {
  flags: '--database-connection <url>',
  key: 'databaseConnection',
  description: 'database',
  option: 'database.connection',
} as const satisfies CommandLineOption<OptionPath<DataSchema>>;
