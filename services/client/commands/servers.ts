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
import { findFlavor, findImage, findServer } from '../find.ts';
import type { ClientIo } from '../io.ts';
import type { NovaClient } from '../nova-client.ts';
import { pollDeleted } from '../poll.ts';
import type { Query } from '../rest-client.ts';
import { serverColumns, serverProperties } from './server-output.ts';

interface ListOptions {
  allTenants?: boolean;
  availabilityZone?: string;
  changesSince?: string;
  configDrive?: boolean;
  deleted?: boolean;
  flavor?: string;
  host?: string;
  image?: string;
  ip?: string;
  ip6?: string;
  keyName?: string;
  limit?: number;
  marker?: string;
  name?: string;
  powerState?: string;
  progress?: string;
  reservationId?: string;
  sort?: string;
  status?: string;
  taskState?: string;
  tenant?: string;
  user?: string;
  vmState?: string;
}

interface DeleteOptions {
  poll?: boolean;
  pollTimeout: number;
}

/** python-novaclient's. */
const listFlags: readonly [flags: string, description: string][] = [
  ['--all-tenants', 'those of all projects'],
  ['--availability-zone <pattern>', 'only those whose zone matches'],
  ['--changes-since <time>', 'only those that changed at this time (ISO 8601) or later, deleted ones too'],
  ['--config-drive', 'only those with a config drive'],
  ['--no-config-drive', 'only those without'],
  ['--deleted', 'only deleted ones'],
  ['--flavor <flavor>', 'only those of this flavor'],
  ['--host <host>', 'only those on this host'],
  ['--image <image>', 'only those of this image'],
  ['--ip <pattern>', 'only those whose IPv4 address matches'],
  ['--ip6 <pattern>', 'only those whose IPv6 address matches'],
  ['--key-name <pattern>', 'only those whose key matches'],
  ['--marker <id>', 'only those after this server'],
  ['--name <pattern>', 'only those whose name matches this regular expression'],
  ['--power-state <number>', 'only those in this power state'],
  ['--progress <number>', 'only those with this progress'],
  ['--reservation-id <pattern>', 'only those whose reservation matches'],
  ['--sort <key[:asc|desc],…>', 'in this order'],
  ['--status <status>', 'only those with this status'],
  ['--task-state <state>', 'only those in this task state'],
  ['--tenant <project>', 'only those of this project'],
  ['--user <user>', 'only those of this user'],
  ['--vm-state <state>', 'only those in this vm state'],
];

export function addServerCommands(program: Command, io: ClientIo): void {
  const list = addCommand(program, 'list', 'List servers, newest first.');
  for (const [flags, description] of listFlags) list.option(flags, description);
  list
    .option('--limit <number>', 'at most this many', parseCount)
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

async function listServers(options: ListOptions, context: CommandContext): Promise<void> {
  printList(context, serverColumns, await context.nova.listServers(await listQuery(options, context.nova)));
}

/** What the API is asked; it knows images and flavors by their ids only. */
async function listQuery(options: ListOptions, nova: NovaClient): Promise<Query> {
  const { allTenants, configDrive, deleted, flavor, image, limit, sort, tenant } = options;
  const sorts = sort?.split(',').map((key) => key.split(':'));
  return {
    all_tenants: allTenants || tenant !== undefined ? '1' : undefined,
    availability_zone: options.availabilityZone,
    'changes-since': options.changesSince,
    config_drive: configDrive?.toString(),
    deleted: deleted ? 'true' : undefined,
    flavor: flavor === undefined ? undefined : (await findFlavor(nova, flavor)).id,
    host: options.host,
    image: image === undefined ? undefined : (await findImage(nova, image)).id,
    ip: options.ip,
    ip6: options.ip6,
    key_name: options.keyName,
    limit: limit?.toString(),
    marker: options.marker,
    name: options.name,
    power_state: options.powerState,
    progress: options.progress,
    reservation_id: options.reservationId,
    sort_dir: sorts?.map(([, direction = 'desc']) => direction),
    sort_key: sorts?.map(([key = '']) => key),
    status: options.status,
    task_state: options.taskState,
    tenant_id: tenant,
    user_id: options.user,
    vm_state: options.vmState,
  };
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
