import { type Command, Option } from 'commander';
import type { HypervisorDocument } from '../../api/views/hypervisor.ts';
import type { ServiceDocument } from '../../api/views/service.ts';
import { addCommand, contextOf, printItem, printList } from '../command.ts';
import type { ClientIo } from '../io.ts';
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
  ['Forced down', ({ forced_down }) => (forced_down ? 'True' : 'False')],
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

const COMPUTE = 'nova-compute';

/** The daemons and hypervisors, for operators. */
export function addServiceCommands(program: Command, io: ClientIo): void {
  addCommand(program, 'service-list', 'List the daemons.')
    .option('--host <host>', 'only those of this host')
    .option('--binary <binary>', 'only those of this name')
    .action(async ({ host, binary }: { host?: string; binary?: string }, command: Command) => {
      const context = contextOf(command, io);
      printList(context, serviceColumns, await context.nova.listServices({ host, binary }));
    });

  addCommand(program, 'service-enable', 'Let the scheduler use a compute again.')
    .argument('<host>')
    .action(async (host: string, _options: object, command: Command) => {
      const context = contextOf(command, io);
      printItem(context, await context.nova.updateService('enable', { host, binary: COMPUTE }));
    });

  addCommand(program, 'service-disable', 'Keep new servers away from a compute.')
    .argument('<host>')
    .option('--reason <reason>', 'why')
    .action(async (host: string, { reason }: { reason?: string }, command: Command) => {
      const context = contextOf(command, io);
      const verb = reason === undefined ? 'disable' : 'disable-log-reason';
      const body = { host, binary: COMPUTE, ...(reason !== undefined && { disabled_reason: reason }) };
      printItem(context, await context.nova.updateService(verb, body));
    });

  addCommand(program, 'service-force-down', 'Treat a compute as down at once.')
    .argument('<host>')
    .addOption(new Option('--unset', 'believe its heartbeats again'))
    .action(async (host: string, { unset = false }: { unset?: boolean }, command: Command) => {
      const context = contextOf(command, io);
      const body = { host, binary: COMPUTE, forced_down: !unset };
      printItem(context, await context.nova.updateService('force-down', body));
    });

  addCommand(
    program,
    'hypervisor-list',
    'List the hypervisors and what they have used of what they have.',
  ).action(async (_options: object, command: Command) => {
    const context = contextOf(command, io);
    printList(context, hypervisorColumns, await context.nova.listHypervisors());
  });
}
