import type { HypervisorDocument, ServiceDocument } from '@mini-nova/api/documents';
import { type Command, Option } from 'commander';
import { addCommand, type CommandContext, contextOf, printDone, printItem, printList } from '../command.ts';
import { findService } from '../find.ts';
import type { ClientIo } from '../io.ts';
import type { NovaClient } from '../nova-client.ts';
import { withClocks } from '../service-clocks.ts';
import type { Column } from '../table.ts';

const serviceColumns: readonly Column<ServiceDocument>[] = [
  ['Id', ({ id }) => id],
  ['Binary', ({ binary }) => binary],
  ['Host', ({ host }) => host],
  ['Zone', ({ zone }) => zone],
  ['Status', ({ status }) => status],
  ['State', ({ state }) => state],
  ['Updated_at', ({ updated_at }) => updated_at],
  ['Disabled Reason', ({ disabled_reason }) => disabled_reason],
];

const hypervisorColumns: readonly Column<HypervisorDocument>[] = [
  ['ID', ({ id }) => id],
  ['Hypervisor hostname', ({ hypervisor_hostname }) => hypervisor_hostname],
  ['State', ({ state }) => state],
  ['Status', ({ status }) => status],
  ['VCPUs', ({ vcpus_used, vcpus }) => `${vcpus_used}/${vcpus}`],
  ['Memory_MiB', ({ memory_mb_used, memory_mb }) => `${memory_mb_used}/${memory_mb}`],
  ['Disk_GiB', ({ local_gb_used, local_gb }) => `${local_gb_used}/${local_gb}`],
  ['VMs', ({ running_vms }) => running_vms],
];

/** The daemons and hypervisors, for operators. */
export function addServiceCommands(program: Command, io: ClientIo): void {
  addCommand(program, 'service-list', 'List the daemons.')
    .option('--host <host>', 'only those of this host')
    .option('--binary <binary>', 'only those of this name')
    .action(async ({ host, binary }: { host?: string; binary?: string }, command: Command) => {
      const context = contextOf(command, io);
      const services = await context.nova.listServices({ host, binary });
      printList(context, withClocks(serviceColumns, services), services);
    });

  addServiceChange(program, 'service-enable', 'Let the scheduler use a compute again.').action(
    async (given: string, _options: object, command: Command) => {
      await change(contextOf(command, io), given, 'enable');
    },
  );

  addServiceChange(program, 'service-disable', 'Keep new servers away from a compute.')
    .option('--reason <reason>', 'why')
    .action(async (given: string, { reason }: { reason?: string }, command: Command) => {
      if (reason === undefined) await change(contextOf(command, io), given, 'disable');
      else await change(contextOf(command, io), given, 'disable-log-reason', { disabled_reason: reason });
    });

  addServiceChange(program, 'service-force-down', 'Treat a compute as down at once.')
    .addOption(new Option('--unset', 'believe its heartbeats again'))
    .action(async (given: string, { unset = false }: { unset?: boolean }, command: Command) => {
      await change(contextOf(command, io), given, 'force-down', { forced_down: !unset });
    });

  addServiceChange(program, 'service-delete', 'Delete the record of a daemon that is gone for good.').action(
    async (given: string, _options: object, command: Command) => {
      const context = contextOf(command, io);
      const { id, host, binary } = await deletable(context.nova, given);
      await context.nova.deleteService(id);
      const name = host === null ? '' : `: ${binary} on ${host}`;
      printDone(context, `Deleted service ${id}${name}.`, { id, host, binary });
    },
  );

  addCommand(
    program,
    'hypervisor-list',
    'List the hypervisors with what they have and what is used of it.',
  ).action(async (_options: object, command: Command) => {
    const context = contextOf(command, io);
    printList(context, hypervisorColumns, await context.nova.listHypervisors());
  });
}

function addServiceChange(program: Command, name: string, description: string): Command {
  return addCommand(program, name, description).argument(
    '<service>',
    'host of the compute, or id of a daemon',
  );
}

/** An id may be that of an API service, which the list does not have. */
async function deletable(
  nova: NovaClient,
  given: string,
): Promise<Pick<ServiceDocument, 'id' | 'host' | 'binary'>> {
  if (!/^\d+$/.test(given)) return findService(nova, given);
  const known = (await nova.listServices()).find(({ id }) => String(id) === given);
  return known ?? { id: Number(given), host: null, binary: null };
}

async function change(
  context: CommandContext,
  given: string,
  verb: string,
  changes: Record<string, unknown> = {},
): Promise<void> {
  const { host, binary } = await findService(context.nova, given);
  printItem(context, await context.nova.updateService(verb, { host, binary, ...changes }));
}
