import type { ComputeOperation } from './operation.ts';
import { changePower } from './power.ts';

export const start: ComputeOperation<'startInstance'> = (host, ctxt, { instance }) =>
  changePower(host, ctxt, instance, { operation: 'start', act: () => host.driver.powerOn(ctxt, instance) });
