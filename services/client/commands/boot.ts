import type { CreateServerBody, RequestedNetwork, ServerDocument } from '@mini-nova/api/documents';
import { type Command, InvalidArgumentError } from 'commander';
import {
  addCommand,
  type CommandContext,
  contextOf,
  parseCount,
  pollOptions,
  printItem,
  printList,
} from '../command.ts';
import { UsageError } from '../errors.ts';
import { findFlavor, findImage, findNetwork } from '../find.ts';
import type { ClientIo } from '../io.ts';
import type { NovaClient } from '../nova-client.ts';
import { failOnErrors, pollServers } from '../poll.ts';
import { serverColumns, serverProperties } from './server-output.ts';

interface BootOptions {
  flavor: string;
  image: string;
  minCount?: number;
  maxCount?: number;
  availabilityZone?: string;
  meta?: Record<string, string>;
  nic?: Nic[];
  poll?: boolean;
  pollTimeout: number;
}

type Nic = 'auto' | 'none' | { netId?: string; fixedIp?: string; portId?: string };

export function addBootCommand(program: Command, io: ClientIo): void {
  const boot = addCommand(program, 'boot', 'Boot one or several new servers.')
    .argument('<name>', 'name of the server; several get -1, -2, …')
    .requiredOption('--flavor <flavor>', 'name or id of the flavor (see nova flavor-list)')
    .requiredOption('--image <image>', 'name or id of the image (see nova image-list)')
    .option('--min-count <number>', 'boot at least this many servers', parseCount)
    .option('--max-count <number>', 'boot at most this many servers', parseCount)
    .option('--availability-zone <zone[:host[:node]]>', 'where the server is to run')
    .option('--meta <key=value>', 'metadata of the server; may be repeated', collectMeta)
    .option(
      '--nic <auto|none|net-id=ID,v4-fixed-ip=IP,port-id=ID>',
      'an interface on a network (by id or name) or with a port; may be repeated',
      collectNic,
    );
  for (const option of pollOptions('the servers are active')) boot.addOption(option);
  boot.action(async (name: string, options: BootOptions, command: Command) => {
    await bootServers(name, options, contextOf(command, io));
  });
}

async function bootServers(name: string, options: BootOptions, context: CommandContext): Promise<void> {
  const { minCount = 1, maxCount = minCount, poll } = options;
  if (minCount > maxCount) throw new UsageError('error: --min-count must not be greater than --max-count');
  const { nova, io } = context;
  const request = await createRequest(name, options, nova);
  let servers = await create(nova, { ...request, min_count: minCount, max_count: maxCount });
  if (poll) {
    const ids = servers.map(({ id }) => id);
    servers = await pollServers(nova, io, ids, {
      activity: 'building',
      until: ['ACTIVE'],
      timeout: options.pollTimeout,
    });
  }
  print(context, servers, maxCount > 1);
  if (poll) failOnErrors(servers, 'building');
}

async function createRequest(
  name: string,
  { flavor, image, availabilityZone, meta, nic = [] }: BootOptions,
  nova: NovaClient,
): Promise<CreateServerBody['server']> {
  const networks = await networksOf(nic, nova);
  return {
    name,
    imageRef: (await findImage(nova, image)).id,
    flavorRef: (await findFlavor(nova, flavor)).id,
    ...(networks !== undefined && { networks }),
    ...(meta !== undefined && { metadata: meta }),
    ...(availabilityZone !== undefined && { availability_zone: availabilityZone }),
  };
}

async function create(nova: NovaClient, request: CreateServerBody['server']): Promise<ServerDocument[]> {
  if (request.max_count === 1) {
    const { id } = await nova.createServer(request);
    return [await nova.getServer(id)];
  }
  const reservation = await nova.createServers(request);
  const servers = await nova.listServers({ reservation_id: reservation });
  return servers.reverse();
}

function print(context: CommandContext, servers: ServerDocument[], several: boolean): void {
  const [server] = servers;
  if (!several && server) printItem(context, server, serverProperties(server));
  else if (context.json) printItem(context, { servers });
  else printList(context, serverColumns, servers);
}

async function networksOf(
  nics: Nic[],
  nova: NovaClient,
): Promise<'auto' | 'none' | RequestedNetwork[] | undefined> {
  const [first] = nics;
  if (first === undefined) return undefined;
  if (typeof first === 'string' && nics.length === 1) return first;
  const networks: RequestedNetwork[] = [];
  for (const nic of nics) {
    if (typeof nic === 'string')
      throw new UsageError(`error: --nic ${nic} cannot be combined with another --nic`);
    networks.push({
      ...(nic.netId !== undefined && { uuid: (await findNetwork(nova, nic.netId)).id }),
      ...(nic.portId !== undefined && { port: nic.portId }),
      ...(nic.fixedIp !== undefined && { fixed_ip: nic.fixedIp }),
    });
  }
  return networks;
}

function collectMeta(text: string, meta: Record<string, string> = {}): Record<string, string> {
  const [key, value] = keyValue(text);
  return { ...meta, [key]: value };
}

const NIC_KEYS: Record<string, 'netId' | 'fixedIp' | 'portId'> = {
  'net-id': 'netId',
  'net-name': 'netId',
  'v4-fixed-ip': 'fixedIp',
  'port-id': 'portId',
};

function collectNic(text: string, nics: Nic[] = []): Nic[] {
  if (text === 'auto' || text === 'none') return [...nics, text];
  const nic: Exclude<Nic, string> = {};
  for (const part of text.split(',')) {
    const [key, value] = keyValue(part);
    const name = NIC_KEYS[key];
    if (name === undefined) {
      throw new InvalidArgumentError(
        `'${key}' is not one of auto, none, ${Object.keys(NIC_KEYS).join(', ')}.`,
      );
    }
    nic[name] = value;
  }
  if ((nic.netId === undefined) === (nic.portId === undefined)) {
    throw new InvalidArgumentError('Give either net-id (or net-name) or port-id.');
  }
  return [...nics, nic];
}

function keyValue(text: string): [key: string, value: string] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('It must be KEY=VALUE.');
  return [key, value];
}
