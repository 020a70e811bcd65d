import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { Instance } from '@mini-nova/objects';
import type { AddressDocument } from '../documents/server.ts';

/** Addresses by the name of their network, from what the instance's network cache says. */
export function addressesOf(instance: Instance): Record<string, AddressDocument[]> {
  const addresses: Record<string, AddressDocument[]> = {};
  for (const vif of networkInfo(instance)) {
    const list = addresses[vif.network.label] ?? [];
    addresses[vif.network.label] = list;
    for (const { address } of vif.network.subnets.flatMap((subnet) => subnet.ips)) {
      list.push({
        addr: address,
        version: 4,
        'OS-EXT-IPS:type': 'fixed',
        'OS-EXT-IPS-MAC:mac_addr': vif.address,
      });
    }
  }
  return addresses;
}

function networkInfo(instance: Instance): VirtualInterface[] {
  const cache = instance.has('info_cache') ? instance.info_cache : null;
  return cache?.has('network_info') && cache.network_info ? JSON.parse(cache.network_info) : [];
}
