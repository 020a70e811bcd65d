import { createHash } from 'node:crypto';
import { serverStatus } from '@mini-nova/domain/states/server-status';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { Instance, InstanceFault } from '@mini-nova/objects';
import type { FaultOfServer, ServerBrief, ServerDocument, ServerStatus } from '../documents/server.ts';
import { bookmarkLink, itemLinks, type LinkBase } from '../links.ts';
import { isoTime, naiveTime } from '../times.ts';
import { addressesOf } from './addresses.ts';

const PROGRESS_STATUSES: readonly ServerStatus[] = ['ACTIVE', 'BUILD'];
const FAULT_STATUSES: readonly ServerStatus[] = ['ERROR', 'DELETED'];

export function serverBrief(instance: Instance, base: LinkBase): ServerBrief {
  return {
    id: instance.uuid,
    name: instance.display_name,
    links: itemLinks(base, 'servers', instance.uuid),
  };
}

export function serverDocument(
  instance: Instance,
  fault: InstanceFault | null | undefined,
  base: LinkBase,
): ServerDocument {
  const status = instance.deleted ? 'DELETED' : serverStatus(instance.vm_state, instance.task_state);
  return {
    ...serverBrief(instance, base),
    status,
    ...descriptionOf(instance, base),
    ...placementOf(instance),
    ...statesOf(instance),
    ...(PROGRESS_STATUSES.includes(status) && { progress: instance.progress ?? 0 }),
    ...(FAULT_STATUSES.includes(status) && fault && { fault: faultOf(fault) }),
  };
}

function descriptionOf(instance: Instance, base: LinkBase) {
  const { image_ref: image, flavor } = instance;
  return {
    accessIPv4: instance.access_ip_v4 ?? '',
    accessIPv6: instance.access_ip_v6 ?? '',
    // Nova shows no addresses of a server that is being built: they may still change.
    addresses: instance.vm_state === VmState.BUILDING ? {} : addressesOf(instance),
    config_drive: instance.config_drive ?? '',
    created: isoTime(instance.created_at ?? new Date(0)),
    updated: isoTime(instance.updated_at ?? instance.created_at ?? new Date(0)),
    flavor: { id: flavor.flavorid, links: [bookmarkLink(base, 'flavors', flavor.flavorid)] },
    image: image ? { id: image, links: [bookmarkLink(base, 'images', image)] } : ('' as const),
    key_name: instance.key_name,
    metadata: instance.metadata,
    security_groups: [{ name: 'default' }],
    tenant_id: instance.project_id ?? '',
    user_id: instance.user_id ?? '',
    'OS-DCF:diskConfig': instance.auto_disk_config ? ('AUTO' as const) : ('MANUAL' as const),
    'os-extended-volumes:volumes_attached': [] as [],
  };
}

function placementOf(instance: Instance) {
  return {
    hostId: hostId(instance.host, instance.project_id),
    'OS-EXT-AZ:availability_zone': instance.availability_zone ?? '',
    'OS-EXT-SRV-ATTR:host': instance.host,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': instance.node,
    'OS-EXT-SRV-ATTR:instance_name': instanceName(instance.id),
  };
}

function statesOf(instance: Instance) {
  return {
    'OS-EXT-STS:power_state': instance.power_state,
    'OS-EXT-STS:task_state': instance.task_state,
    'OS-EXT-STS:vm_state': instance.vm_state,
    'OS-SRV-USG:launched_at': naiveTime(instance.launched_at),
    'OS-SRV-USG:terminated_at': naiveTime(instance.terminated_at),
  };
}

function faultOf(fault: InstanceFault): FaultOfServer {
  return {
    code: fault.code,
    message: fault.message ?? '',
    created: isoTime(fault.created_at ?? new Date(0)),
    ...(fault.details && { details: fault.details }),
  };
}

/** Hides the host's name, but tells whether two servers of a project share a host. */
function hostId(host: string | null, projectId: string | null): string {
  return host ? createHash('sha224').update(`${projectId}${host}`).digest('hex') : '';
}

/** The guest's name on its hypervisor, from Nova's default template. */
function instanceName(id: number): string {
  return `instance-${id.toString(16).padStart(8, '0')}`;
}
