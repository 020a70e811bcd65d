import type { InterfaceDocument } from '@mini-nova/api/documents';
import { type Command, Option } from 'commander';
import { addCommand, type CommandContext, contextOf, printDone, printItem, printList } from '../command.ts';
import { UsageError } from '../errors.ts';
import { findNetwork, findServer } from '../find.ts';
import type { ClientIo } from '../io.ts';
import type { Column } from '../table.ts';

interface AttachOptions {
  netId?: string;
  portId?: string;
  fixedIp?: string;
}

const columns: readonly Column<InterfaceDocument>[] = [
  ['Port State', ({ port_state }) => port_state],
  ['Port ID', ({ port_id }) => port_id],
  ['Net ID', ({ net_id }) => net_id],
  ['IP addresses', addressesOf],
  ['MAC Addr', ({ mac_addr }) => mac_addr],
];

export function addInterfaceCommands(program: Command, io: ClientIo): void {
  addCommand(program, 'interface-list', 'List the interfaces of a server.')
    .argument('<server>', 'name or id')
    .action(async (server: string, _options: object, command: Command) => {
      const context = contextOf(command, io);
      const { id } = await findServer(context.nova, server);
      printList(context, columns, await context.nova.listInterfaces(id));
    });

  addCommand(program, 'interface-attach', 'Attach an interface to a server.')
    .argument('<server>', 'name or id')
    .addOption(new Option('--net-id <network>', 'id or name of the network').conflicts('portId'))
    .addOption(new Option('--port-id <port>', 'an existing port'))
    .addOption(new Option('--fixed-ip <address>', 'the address to have on the network').conflicts('portId'))
    .action(async (server: string, options: AttachOptions, command: Command) => {
      await attach(server, options, contextOf(command, io));
    });

  addCommand(program, 'interface-detach', 'Detach an interface from a server.')
    .argument('<server>', 'name or id')
    .argument('<port-id>', 'see nova interface-list')
    .action(async (server: string, portId: string, _options: object, command: Command) => {
      const context = contextOf(command, io);
      const { id } = await findServer(context.nova, server);
      await context.nova.detachInterface(id, portId);
      printDone(context, `Request to detach interface ${portId} from server ${server} has been accepted.`, {
        server_id: id,
        port_id: portId,
      });
    });
}

async function attach(
  server: string,
  { netId, portId, fixedIp }: AttachOptions,
  context: CommandContext,
): Promise<void> {
  if (fixedIp !== undefined && netId === undefined) throw new UsageError('error: --fixed-ip needs --net-id');
  const { nova } = context;
  const { id } = await findServer(nova, server);
  const attached = await nova.attachInterface(id, {
    ...(netId !== undefined && { net_id: (await findNetwork(nova, netId)).id }),
    ...(portId !== undefined && { port_id: portId }),
    ...(fixedIp !== undefined && { fixed_ips: [{ ip_address: fixedIp }] }),
  });
  const { fixed_ips: _ips, ...properties } = attached;
  printItem(context, attached, { ...properties, ip_address: addressesOf(attached) });
}

function addressesOf({ fixed_ips }: InterfaceDocument): string {
  return fixed_ips.map(({ ip_address }) => ip_address).join(', ');
}
