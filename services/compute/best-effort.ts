import { isOutage } from '@mini-nova/domain/outage-retry';
import type { Instance } from '@mini-nova/objects';
import type { ComputeHost } from './compute-host.ts';

/** One step of a clean-up: its failure is logged, and must not keep the others from being tried. */
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
