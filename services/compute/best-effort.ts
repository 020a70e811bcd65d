import { isOutage } from '@mini-nova/domain/outage-retry';
import type { Instance } from '@mini-nova/objects';
import type { ComputeHost } from './compute-host.ts';

/** One step of a clean-up. Its failure is logged, so that the other steps are still tried. */
export async function attempt(
  host: ComputeHost,
  instance: Instance,
  what: string,
  step: () => Promise<void>,
): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    const data = { instance_uuid: instance.uuid, host: host.name };
    if (isOutage(error)) host.logger.warn({ ...data, reason: String(error) }, `Failed to ${what}`);
    else host.logger.error({ ...data, err: error }, `Failed to ${what}`);
    return false;
  }
}
