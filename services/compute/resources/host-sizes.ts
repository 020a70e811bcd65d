import { ConfigError, type ConfigProblem } from '@mini-nova/config';
import type { HostResources, VirtDriver } from '../virt/driver.ts';
import type { Reservations } from './node-inventory.ts';

/** The largest value of an integer column: the used amount of a resource is written to one. */
const MOST = 2 ** 31 - 1;

/** One resource of a host, and the options that say how much of it is for guests. */
interface Size {
  total: number;
  unit: string;
  reserved: keyof Reservations;
  /** How many units of the option make one unit of the total. Default 1. */
  reservedPerUnit?: number;
  ratio: keyof Reservations;
}

/**
 * Checks the options of the host's resources against what the host has, which only its driver knows.
 *
 * @throws ConfigError when more is reserved than there is, or more offered than can be counted
 */
export async function checkSizes(driver: VirtDriver, reservations: Reservations): Promise<void> {
  for (const node of await driver.getAvailableNodes()) {
    const sizes = sizesOf(await driver.getAvailableResource(node));
    const [first, ...others] = sizes.flatMap((size) => problemsOf(size, reservations, node));
    if (first) throw new ConfigError([first, ...others]);
  }
}

function sizesOf({ vcpus, memoryMb, diskGb }: HostResources): Size[] {
  return [
    { total: vcpus, unit: 'CPUs', reserved: 'reserved_host_cpus', ratio: 'initial_cpu_allocation_ratio' },
    {
      total: memoryMb,
      unit: 'MiB of memory',
      reserved: 'reserved_host_memory_mb',
      ratio: 'initial_ram_allocation_ratio',
    },
    {
      total: diskGb,
      unit: 'GiB of disk',
      reserved: 'reserved_host_disk_mb',
      reservedPerUnit: 1024,
      ratio: 'initial_disk_allocation_ratio',
    },
  ];
}

function problemsOf(
  { total, unit, reserved, reservedPerUnit = 1, ratio }: Size,
  reservations: Reservations,
  node: string,
): ConfigProblem[] {
  const problem = (option: keyof Reservations, allowed: string): ConfigProblem => ({
    code: 'INVALID_VALUE',
    source: node,
    option: `[DEFAULT] ${option}`,
    value: String(reservations[option]),
    allowed,
  });
  const has = `this host has ${total} ${unit}`;
  const mostReserved = total * reservedPerUnit;
  const highestRatio = Math.floor(MOST / total);
  return [
    ...(reservations[reserved] > mostReserved
      ? [problem(reserved, `at most ${mostReserved}, as ${has}`)]
      : []),
    ...(reservations[ratio] > highestRatio ? [problem(ratio, `at most ${highestRatio}, as ${has}`)] : []),
  ];
}
