import type { ComputeOperation } from './operation.ts';
import { changePower } from './power.ts';

export const stop: ComputeOperation<'stopInstance'> = (host, ctxt, { instance, clean_shutdown }) =>
  changePower(host, ctxt, instance, {
    operation: 'stop',
    act: () => host.driver.powerOff(ctxt, instance, clean_shutdown),
  });
