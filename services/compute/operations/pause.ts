import type { ComputeOperation } from './operation.ts';
import { changePower } from './power.ts';

export const pause: ComputeOperation<'pauseInstance'> = (host, ctxt, { instance }) =>
  changePower(host, ctxt, instance, { operation: 'pause', act: () => host.driver.pause(ctxt, instance) });
