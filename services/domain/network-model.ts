import { type Instance, InstanceInfoCache } from '@mini-nova/objects';

/** One interface of an instance, in the form that Nova caches as `network_info` and returns from `attach_interface`. */
export interface VirtualInterface {
  /** The port's id. */
  id: string;
  /** MAC address. */
  address: string;
  network: VifNetwork;
  type: string;
  details: Record<string, never>;
  devname: string;
  ovs_interfaceid: string | null;
  qbh_params: null;
  qbg_params: null;
  active: boolean;
  vnic_type: string;
  profile: Record<string, never>;
  /** True for a port that the user brought: it outlives the instance. */
  preserve_on_delete: boolean;
  delegate_create: boolean;
  meta: Record<string, never>;
}

export interface VifNetwork {
  id: string;
  bridge: string;
  label: string;
  subnets: VifSubnet[];
  meta: { injected: boolean; tenant_id: string | null; mtu: number };
}

export interface VifSubnet {
  cidr: string;
  dns: string[];
  gateway: { address: string; type: 'gateway'; version: 4; meta: Record<string, never> };
  ips: { address: string; type: 'fixed'; version: 4; meta: Record<string, never>; floating_ips: [] }[];
  routes: [];
  version: 4;
  meta: Record<string, never>;
}

/** The instance's interfaces in its record. */
export function networkInfoOf(instance: Instance): VirtualInterface[] {
  const cache = instance.has('info_cache') ? instance.info_cache : null;
  return JSON.parse(cache?.network_info ?? '[]') as VirtualInterface[];
}

/** The value of `info_cache` that records these interfaces. */
export function infoCacheOf(
  { uuid }: Pick<Instance, 'uuid'>,
  networkInfo: VirtualInterface[],
): InstanceInfoCache {
  return new InstanceInfoCache({ instance_uuid: uuid, network_info: JSON.stringify(networkInfo) });
}
