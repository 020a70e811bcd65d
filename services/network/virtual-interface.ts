import type { NetworkRow } from '@mini-nova/data/networks/table';
import type { PortRow } from '@mini-nova/data/ports/table';
import type { VirtualInterface } from '@mini-nova/domain/network-model';

/** The port as its instance sees it. */
export function virtualInterfaceOf(port: PortRow, network: NetworkRow): VirtualInterface {
  return {
    id: port.uuid,
    address: port.mac_address,
    network: {
      id: network.uuid,
      bridge: network.bridge,
      label: network.label,
      subnets: [
        {
          cidr: network.cidr,
          dns: [],
          gateway: { address: network.gateway, type: 'gateway', version: 4, meta: {} },
          ips: [{ address: port.ip_address, type: 'fixed', version: 4, meta: {}, floating_ips: [] }],
          routes: [],
          version: 4,
          meta: {},
        },
      ],
      meta: { injected: false, tenant_id: null, mtu: network.mtu },
    },
    type: 'bridge',
    details: {},
    devname: `tap${port.uuid.slice(0, 11)}`,
    ovs_interfaceid: null,
    qbh_params: null,
    qbg_params: null,
    active: port.host !== null,
    vnic_type: 'normal',
    profile: {},
    preserve_on_delete: !port.created_for_instance,
    delegate_create: true,
    meta: {},
  };
}
