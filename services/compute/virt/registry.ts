import { type Config, composeSchema, optionsOf, string, unknownName } from '@mini-nova/config';
import type { ComputeDriver } from './compute-driver.ts';
import type { VirtDriver } from './driver.ts';
import { fakeComputeDriver } from './fake/fake-driver.ts';
import { tracedDriver } from './traced-driver.ts';

const drivers = [fakeComputeDriver] as const satisfies readonly ComputeDriver[];

const names = drivers.map(({ name }) => name);

/** The option that names the driver, and the options of all drivers. */
export const virtOptions = composeSchema(
  {
    DEFAULT: {
      compute_driver: string({
        default: fakeComputeDriver.name,
        choices: names,
        help: ['The virtualization driver of nova-compute.', ...drivers.map(({ help }) => help)].join(' '),
      }),
    },
  },
  optionsOf(drivers),
);

/** The driver that `compute_driver` names. Its calls are spans of the trace. @throws ConfigError naming the existing drivers */
export function loadComputeDriver(host: string, config: Config<typeof virtOptions>): VirtDriver {
  const { compute_driver } = config.DEFAULT;
  const driver = drivers.find(({ name }) => name === compute_driver);
  if (driver === undefined) throw unknownName('[DEFAULT] compute_driver', compute_driver, names);
  return tracedDriver(driver.create(host, config), host);
}
