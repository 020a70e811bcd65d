import { type Command, Option } from 'commander';
import {
  addCommand,
  type CommandContext,
  contextOf,
  parseCount,
  pollOptions,
  printDone,
  printItem,
  printList,
} from '../command.ts';
import { eachServer, failOnFailed } from '../each-server.ts';
import { findServer } from '../find.ts';
import type { ClientIo } from '../io.ts';
import { pollDeleted } from '../poll.ts';
import { serverColumns, serverProperties } from './server-output.ts';

interface ListOptions {
  name?: string;
  status?: string;
  host?: string;
  limit?: number;
  marker?: string;
}

interface DeleteOptions {
  poll?: boolean;
  pollTimeout: number;
}

export function addServerCommands(program: Command, io: ClientIo): void {
  addCommand(program, 'list', 'List servers, newest first.')
    .option('--name <name>', 'only those with this in their name')
    .option('--status <status>', 'only those with this status')
    .option('--host <host>', 'only those on this host')
    .option('--limit <number>', 'so many at most', parseCount)
    .option('--marker <id>', 'only those after this server')
    .action(async (options: ListOptions, command: Command) => listServers(options, contextOf(command, io)));

  addCommand(program, 'show', 'Show a server.')
    .argument('<server>', 'name or id')
    .action(async (server: string, _options: object, command: Command) => {
      const context = contextOf(command, io);
      const found = await findServer(context.nova, server);
      printItem(context, found, serverProperties(found));
    });

  const remove = addCommand(program, 'delete', 'Delete servers.').argument('<server...>', 'names or ids');
  for (const option of pollOptions('they are gone')) remove.addOption(option);
  remove.action(async (servers: string[], options: DeleteOptions, command: Command) => {
    await deleteServers(servers, options, contextOf(command, io));
  });

  addCommand(program, 'console-log', 'Show the console output of a server.')
    .argument('<server>', 'name or id')
    .addOption(new Option('--length <lines>', 'only the last lines').argParser(parseCount))
    .action(async (server: string, { length }: { length?: number }, command: Command) => {
      await showConsole(server, length, contextOf(command, io));
    });
}

async function listServers({ limit, ...filters }: ListOptions, context: CommandContext): Promise<void> {
  const { name, status, host, marker } = filters;
  const query = { name, status, host, marker, limit: limit?.toString() };
  printList(context, serverColumns, await context.nova.listServers(query));
}

async function deleteServers(
  names: string[],
  { poll, pollTimeout }: DeleteOptions,
  context: CommandContext,
): Promise<void> {
  const { nova, io, json } = context;
  const { done: deleted, failed } = await eachServer(context, names, async ({ id, name }, given) => {
    await nova.deleteServer(id);
    if (!json) io.out(`Request to delete server ${given} has been accepted.\n`);
    return { id, name };
  });
  const ids = deleted.map(({ id }) => id);
  if (poll) await pollDeleted(nova, ids, pollTimeout);
  if (json) printItem(context, { deleted, failed });
  failOnFailed(failed, 'delete');
}

async function showConsole(
  server: string,
  length: number | undefined,
  context: CommandContext,
): Promise<void> {
  const { id } = await findServer(context.nova, server);
  const { output } = await context.nova.serverAction<{ output: string }>(id, {
    'os-getConsoleOutput': length === undefined ? {} : { length },
  });
  printDone(context, output.replace(/\n$/, ''), { output });
}
