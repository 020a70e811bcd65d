import { type Instance, InstanceInfoCache } from '@mini-nova/objects';
import type { VirtualInterface } from './network-model.ts';

/** The instance's interfaces as its record remembers them. */
export function networkInfoOf(instance: Instance): VirtualInterface[] {
  const cache = instance.has('info_cache') ? instance.info_cache : null;
  return JSON.parse(cache?.network_info ?? '[]') as VirtualInterface[];
}

/** What makes the record remember these interfaces, once it is saved. */
export function infoCacheOf(
  { uuid }: Pick<Instance, 'uuid'>,
  networkInfo: VirtualInterface[],
): InstanceInfoCache {
  return new InstanceInfoCache({ instance_uuid: uuid, network_info: JSON.stringify(networkInfo) });
}
