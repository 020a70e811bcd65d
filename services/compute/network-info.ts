import { type Instance, InstanceInfoCache } from '@mini-nova/objects';
import type { VirtualInterface } from '../network/model.ts';

/** The instance's interfaces as its record remembers them. */
export function networkInfoOf(instance: Instance): VirtualInterface[] {
  const cache = instance.has('info_cache') ? instance.info_cache : null;
  return JSON.parse(cache?.network_info ?? '[]') as VirtualInterface[];
}

/** Makes the record remember these interfaces, once it is saved. */
export function setNetworkInfo(instance: Instance, networkInfo: VirtualInterface[]): void {
  instance.info_cache = new InstanceInfoCache({
    instance_uuid: instance.uuid,
    network_info: JSON.stringify(networkInfo),
  });
}
