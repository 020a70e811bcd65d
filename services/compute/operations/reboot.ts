import type { ComputeOperation } from './operation.ts';
import { changePower } from './power.ts';

export const reboot: ComputeOperation<'rebootInstance'> = (host, ctxt, { instance, reboot_type }) =>
  changePower(host, ctxt, instance, {
    operation: reboot_type === 'SOFT' ? 'reboot' : 'hardReboot',
    act: () => host.driver.reboot(ctxt, instance, reboot_type),
  });
