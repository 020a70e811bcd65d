import type { ComputeOperation } from './operation.ts';
import { changePower } from './power.ts';

export const unpause: ComputeOperation<'unpauseInstance'> = (host, ctxt, { instance }) =>
  changePower(host, ctxt, instance, { operation: 'unpause', act: () => host.driver.unpause(ctxt, instance) });
