import { networkInterfaces } from 'node:os';
import { type Config, composeSchema, float, integer, seconds, string } from '@mini-nova/config';
import { domainOptions } from '@mini-nova/domain/options';
import { daemonSchema } from '@mini-nova/service';
import { virtOptions } from './virt/registry.ts';

/** The first IPv4 address; the loopback address when there is no other. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outward = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outward?.address ?? '127.0.0.1';
}

/** The options that nova-compute reads, besides those of its driver. */
export const computeOptions = {
  DEFAULT: {
    my_ip: string({
      default: ownAddress(),
      sampleDefault: '<first IPv4 address of this host>',
      pattern: /^[0-9a-fA-F.:]+$/,
      allowed: 'an IP address',
      help: 'Address at which other hosts reach this one. A compute records it.',
    }),
    reserved_host_memory_mb: integer({
      default: 512,
      min: 0,
      unit: 'MiB',
      help: 'Memory of a compute that is not for guests.',
    }),
    reserved_host_disk_mb: integer({
      default: 0,
      min: 0,
      unit: 'MiB',
      help: 'Disk of a compute that is not for guests.',
    }),
    reserved_host_cpus: integer({
      default: 0,
      min: 0,
      unit: 'CPUs',
      help: 'Physical CPUs of a compute that are not for guests.',
    }),
    initial_cpu_allocation_ratio: float({
      default: 4,
      min: 0.001,
      max: 1_000_000,
      help: 'Virtual CPUs offered per physical CPU. A compute records it when it first registers; later changes have no effect.',
    }),
    initial_ram_allocation_ratio: float({
      default: 1,
      min: 0.001,
      max: 1_000_000,
      help: 'Memory offered per physical memory. A compute records it when it first registers; later changes have no effect.',
    }),
    initial_disk_allocation_ratio: float({
      default: 1,
      min: 0.001,
      max: 1_000_000,
      help: 'Disk offered per physical disk. A compute records it when it first registers; later changes have no effect.',
    }),
    update_resources_interval: seconds({
      default: 60,
      min: -1,
      mutable: true,
      help: 'Time between two reports of a compute about its resources. 0: every 60 seconds; below 0: never.',
    }),
    sync_power_state_interval: seconds({
      default: 600,
      min: -1,
      mutable: true,
      help: "Time between two comparisons of the power states of a compute's guests with their records. 0: every 60 seconds; below 0: never.",
    }),
    max_concurrent_builds: integer({
      default: 10,
      min: 0,
      unit: 'builds',
      mutable: true,
      help: 'Builds that a compute works on at once. Others wait in order, and count as making progress. 0: no limit.',
    }),
    running_deleted_instance_action: string({
      default: 'reap',
      choices: ['noop', 'log', 'shutdown', 'reap'],
      mutable: true,
      help: 'What a compute does with a guest whose instance is recorded as deleted, or was taken to another host by a migration that is over. noop: nothing; log: log it; shutdown: turn it off; reap: destroy it. A guest without any record, or whose record names another host without such a migration, is always left alone: see nova-manage guest.',
    }),
    running_deleted_instance_poll_interval: seconds({
      default: 1800,
      mutable: true,
      help: 'Time between two runs of running_deleted_instance_action. 0: never.',
    }),
    running_deleted_instance_timeout: seconds({
      default: 1800,
      mutable: true,
      help: 'Time for which each look of a compute must have found the instance recorded as deleted or moved. In this time a wrong database can be noticed before guests are destroyed.',
    }),
    heal_instance_info_cache_interval: seconds({
      default: 60,
      min: -1,
      mutable: true,
      help: 'Time between two comparisons of the interfaces of all instances of a compute: their ports, their records, their guests. 0 or less: never.',
    }),
  },
} as const;

export const computeSchema = composeSchema(daemonSchema, domainOptions, computeOptions, virtOptions);

export type ComputeConfig = Config<typeof computeSchema>;
