import {
  type CommandLineOption,
  ConfigError,
  configFileOptions,
  fromCommandLine,
  loadConfig,
  type OptionPath,
} from '@mini-nova/config';
import { DatabaseUnusable, syncDatabase } from '@mini-nova/data/configured-database';
import type { Database } from '@mini-nova/data/database';
import { schemaVersion } from '@mini-nova/data/migrate';
import { type DataConfig, type DataSchema, databaseFlag } from '@mini-nova/data/options';
import { DatabaseError } from '@mini-nova/database';
import { MessagingError } from '@mini-nova/messaging';
import { daemonFlags } from '@mini-nova/service';
import { Command, CommanderError, Option } from 'commander';
import { AdoptionRefused } from './adoption.ts';
import { addArchiveCommands, ExitCode } from './archive.ts';
import { addDeadLetterCommands, LettersMissing } from './dead-letters.ts';
import { addGuestCommands, GuestRefused } from './guests.ts';
import type { ManageIo } from './io.ts';
import { addServicePing, ServicesMissing, ServicesSilent } from './service-ping.ts';
import { serviceTable } from './service-table.ts';
import { withDatabase, withMigratedDatabase } from './with-database.ts';

export interface ManageOptions {
  io: ManageIo;
  version: string;
  /** Of the whole nova.conf, so that nothing in it is unknown or goes unchecked. */
  schema: DataSchema;
}

/** Errors whose message is all that an operator needs. */
const expected = [
  ConfigError,
  DatabaseError,
  DatabaseUnusable,
  MessagingError,
  AdoptionRefused,
  GuestRefused,
  LettersMissing,
  ServicesMissing,
  ServicesSilent,
] as const;

/** Runs one command line of `nova-manage`. Returns the exit code: 0 done, 1 failed, 2 wrong use; see also `ExitCode`. */
export async function runManage(argv: readonly string[], options: ManageOptions): Promise<number> {
  const { io } = options;
  const program = manageProgram(options);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ExitCode) {
      if (error.message !== '') io.err(`${error.message}\n`);
      return error.exitCode;
    }
    if (!isExpected(error)) throw error;
    io.err(`${error.message}\n`);
    return error instanceof ConfigError ? 2 : 1;
  }
}

function manageProgram({ io, version, schema }: ManageOptions): Command {
  const flags: readonly CommandLineOption<OptionPath<DataSchema>>[] = [
    ...configFileOptions(),
    daemonFlags.transportUrl,
    databaseFlag,
  ];
  const configOf = (command: Command): DataConfig =>
    loadConfig({ schema, ...fromCommandLine(command.optsWithGlobals(), flags) });
  const program = new Command('nova-manage')
    .description("Works directly on the cloud's database and message bus")
    .version(version)
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride();
  for (const { flags: notation, description, collect } of flags) {
    const option = new Option(notation, description);
    program.addOption(collect ? option.argParser(collect) : option);
  }
  const db = program.command('db').description('the schema of the database, and its deleted rows');
  db.command('sync')
    .description('create the schema, or bring it up to date; creates the configured network')
    .action((_options: object, command: Command) => syncSchema(configOf(command), io));
  db.command('version')
    .description('print the version of the schema')
    .action((_options: object, command: Command) => printVersion(configOf(command), io));
  addArchiveCommands(db, configOf, io);
  const service = program.command('service').description('the records of the daemons');
  service
    .command('list')
    .description('list the daemons')
    .option('--json', 'print JSON, for programs')
    .action(({ json = false }: { json?: boolean }, command: Command) =>
      listServices(configOf(command), io, json),
    );
  addServicePing(service, configOf, io);
  addDeadLetterCommands(program, configOf, io);
  addGuestCommands(program, configOf, io);
  nameHelp(program, program.name());
  return program;
}

/** After wrong use, each command names its own help. `line`: the command with those above it. */
function nameHelp(command: Command, line: string): void {
  command.showHelpAfterError(`(see ${line} --help)`);
  for (const each of command.commands) nameHelp(each, `${line} ${each.name()}`);
}

async function syncSchema(config: DataConfig, io: ManageIo): Promise<void> {
  const work = async (db: Database) => {
    const applied = await syncDatabase(db, config);
    const { current } = await schemaVersion(db);
    const done = applied.length > 0 ? `applied ${applied.join(', ')}` : 'nothing to do';
    io.out(`The schema is at version ${current}: ${done}.\n`);
  };
  await withDatabase(config, work, { unhurried: true });
}

/** Prints only the number when the schema is up to date. */
async function printVersion(config: DataConfig, io: ManageIo): Promise<void> {
  await withDatabase(config, async (db) => {
    const { current, latest, pending } = await schemaVersion(db);
    io.out(`${current}\n`);
    if (pending.length === 0) return;
    io.err(`The latest version is ${latest}; missing: ${pending.join(', ')}. Run nova-manage db sync.\n`);
  });
}

async function listServices(config: DataConfig, io: ManageIo, json: boolean): Promise<void> {
  await withMigratedDatabase(config, async (db) => {
    io.out(await serviceTable(db, config, json));
  });
}

function isExpected(error: unknown): error is Error {
  return expected.some((type) => error instanceof type);
}
