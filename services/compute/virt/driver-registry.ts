import type { VirtDriver } from './driver.ts';
import { FakeDriver, type FakeDriverOptions } from './fake-driver.ts';
import { tracedDriver } from './traced-driver.ts';

/** What a driver is made from: the host's name and the drivers' configuration groups. */
export interface DriverOptions {
  host: string;
  /** Read when they are used: they may change. */
  fake?: Partial<FakeDriverOptions>;
}

const drivers = new Map<string, (options: DriverOptions) => VirtDriver>([
  ['fake.FakeDriver', ({ host, fake }) => new FakeDriver(host, fake)],
]);

/** `compute_driver` names a driver that does not exist. */
export class UnknownComputeDriver extends Error {
  readonly code = 'UNKNOWN_COMPUTE_DRIVER';

  constructor(name: string) {
    super(`Unknown compute_driver ${name}: known are ${[...drivers.keys()].join(', ')}`);
    this.name = 'UnknownComputeDriver';
  }
}

/** Its calls are spans of the trace. @throws UnknownComputeDriver */
export function loadComputeDriver(name: string, options: DriverOptions): VirtDriver {
  const create = drivers.get(name);
  if (!create) throw new UnknownComputeDriver(name);
  return tracedDriver(create(options), options.host);
}
