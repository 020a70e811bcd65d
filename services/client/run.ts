import { Command, CommanderError } from 'commander';
import { globalOptions } from './command.ts';
import { addBootCommand } from './commands/boot.ts';
import { addCatalogCommands } from './commands/catalog.ts';
import { addInterfaceCommands } from './commands/interfaces.ts';
import { addPowerCommands } from './commands/power.ts';
import { addServerCommands } from './commands/servers.ts';
import { addServiceCommands } from './commands/services.ts';
import { CommandError, UsageError } from './errors.ts';
import type { ClientIo } from './io.ts';

/** Runs one command line of `nova`. Returns the exit code: 0 done, 1 failed, 2 wrong use. */
export async function runNova(argv: readonly string[], io: ClientIo, version: string): Promise<number> {
  const program = novaProgram(io, version);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    // Help and the version end the command line by such an "error", too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommandError) io.err(`${error.message}\n`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

function novaProgram(io: ClientIo, version: string): Command {
  const program = new Command('nova')
    .description('Client of the OpenStack compute API')
    .version(version)
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(see nova --help)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const option of globalOptions(io)) program.addOption(option);
  addBootCommand(program, io);
  addServerCommands(program, io);
  addPowerCommands(program, io);
  addInterfaceCommands(program, io);
  addCatalogCommands(program, io);
  addServiceCommands(program, io);
  return program;
}
