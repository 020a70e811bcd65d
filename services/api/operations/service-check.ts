import type { RequestStores } from '@mini-nova/data/request-stores';
import { ServiceUnavailable } from '@mini-nova/domain/exceptions';
import type { Instance } from '@mini-nova/objects';
import { Conflict } from '../http-errors.ts';
import type { ComputeSettings } from './dependencies.ts';

/**
 * Checks that the instance is on a host whose compute is up.
 *
 * @throws Conflict when it is on none yet, ServiceUnavailable
 */
export async function assertHostUp(
  instance: Instance,
  stores: RequestStores,
  settings: ComputeSettings,
): Promise<void> {
  const { uuid, host } = instance;
  if (!host) throw new Conflict(`Instance ${uuid} is not ready`);
  if (await stores.services.isComputeUp(host, settings.serviceDownTime)) return;
  throw new ServiceUnavailable({ reason: `The compute service of host ${host} is down.` });
}
