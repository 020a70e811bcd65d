import type { FlavorDocument, ImageDocument, NetworkDocument } from '@mini-nova/api/documents';
import type { Command } from 'commander';
import { addCommand, contextOf, printList } from '../command.ts';
import type { ClientIo } from '../io.ts';
import type { Column } from '../table.ts';

const flavorColumns: readonly Column<FlavorDocument>[] = [
  ['ID', ({ id }) => id],
  ['Name', ({ name }) => name],
  ['Memory_MiB', ({ ram }) => ram],
  ['Disk', ({ disk }) => disk],
  ['Ephemeral', (flavor) => flavor['OS-FLV-EXT-DATA:ephemeral']],
  ['Swap', ({ swap }) => swap || 0],
  ['VCPUs', ({ vcpus }) => vcpus],
  ['RXTX_Factor', ({ rxtx_factor }) => (rxtx_factor || 0).toFixed(1)],
  ['Is_Public', (flavor) => (flavor['os-flavor-access:is_public'] ? 'True' : 'False')],
];

const imageColumns: readonly Column<ImageDocument>[] = [
  ['ID', ({ id }) => id],
  ['Name', ({ name }) => name],
  ['Status', ({ status }) => status],
  ['Min_RAM', ({ minRam }) => minRam],
  ['Min_Disk', ({ minDisk }) => minDisk],
];

const networkColumns: readonly Column<NetworkDocument>[] = [
  ['ID', ({ id }) => id],
  ['Label', ({ label }) => label],
  ['Cidr', ({ cidr }) => cidr],
];

/** What servers are made from. */
export function addCatalogCommands(program: Command, io: ClientIo): void {
  addCommand(program, 'flavor-list', 'List flavors.').action(async (_options: object, command: Command) => {
    const context = contextOf(command, io);
    printList(context, flavorColumns, await context.nova.listFlavors());
  });

  addCommand(program, 'image-list', 'List images.').action(async (_options: object, command: Command) => {
    const context = contextOf(command, io);
    printList(context, imageColumns, await context.nova.listImages());
  });

  addCommand(program, 'network-list', 'List networks.').action(async (_options: object, command: Command) => {
    const context = contextOf(command, io);
    printList(context, networkColumns, await context.nova.listNetworks());
  });
}
