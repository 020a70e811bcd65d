import { faultName, messageOf, tracebackOf } from '@mini-nova/domain/instance-fault';
import { networkInfoOf } from '@mini-nova/domain/network-model';
import { PowerState, powerStateName } from '@mini-nova/domain/states/power-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { JsonObject, JsonValue, RpcContext } from '@mini-nova/messaging';
import type { Flavor, Instance, KeyPair } from '@mini-nova/objects';
import { RequestContext } from '@mini-nova/service';
import type { EventDetails, InstanceEvent } from './notifications.ts';

/** Nova 26's InstanceActionPayload, or for a creation its InstanceCreatePayload. */
export function versionedPayloadOf(
  ctxt: RpcContext,
  instance: Instance,
  event: InstanceEvent,
  details: EventDetails,
): JsonObject {
  const action = {
    ...instanceData(instance),
    ...initiatorOf(ctxt),
    ...(details.deletedAt && deletedData(details.deletedAt)),
    fault: details.fault === undefined ? null : faultPayload(details.fault),
  };
  if (!event.startsWith('create.')) return payload('InstanceActionPayload', '1.8', action);
  return payload('InstanceCreatePayload', '1.12', { ...action, ...creationData(instance) });
}

function payload(name: string, version: string, data: JsonObject): JsonObject {
  return {
    'nova_object.name': name,
    'nova_object.namespace': 'nova',
    'nova_object.version': version,
    'nova_object.data': data,
  };
}

function instanceData(instance: Instance): JsonObject {
  return {
    uuid: instance.uuid,
    user_id: instance.user_id,
    tenant_id: instance.project_id,
    reservation_id: instance.reservation_id,
    display_name: instance.display_name,
    display_description: instance.display_description,
    host_name: instance.hostname,
    host: instance.host,
    node: instance.node,
    os_type: instance.os_type,
    architecture: instance.architecture,
    availability_zone: instance.availability_zone,
    flavor: flavorPayload(instance.flavor),
    image_uuid: instance.image_ref,
    key_name: instance.key_name,
    kernel_id: instance.kernel_id,
    ramdisk_id: instance.ramdisk_id,
    ...timesOf(instance),
    state: instance.vm_state,
    power_state: powerStateName(instance.power_state ?? PowerState.NOSTATE) ?? null,
    task_state: instance.task_state,
    progress: instance.progress,
    ip_addresses: ipPayloads(instance),
    block_devices: [],
    metadata: instance.has('metadata') ? instance.metadata : {},
    locked: instance.locked,
    auto_disk_config: instance.auto_disk_config ? 'AUTO' : 'MANUAL',
    locked_reason: instance.has('system_metadata') ? (instance.system_metadata.locked_reason ?? null) : null,
  };
}

function timesOf(instance: Instance): JsonObject {
  const { created_at, launched_at, terminated_at, deleted_at, updated_at } = instance;
  const times = { created_at, launched_at, terminated_at, deleted_at, updated_at };
  return Object.fromEntries(Object.entries(times).map(([name, at]) => [name, at ? timeOf(at) : null]));
}

function deletedData(at: Date): JsonObject {
  const time = timeOf(at);
  return {
    state: VmState.DELETED,
    power_state: 'pending',
    task_state: null,
    terminated_at: time,
    deleted_at: time,
  };
}

function initiatorOf(ctxt: RpcContext): JsonObject {
  if (!(ctxt instanceof RequestContext)) {
    return { request_id: null, action_initiator_user: null, action_initiator_project: null };
  }
  const { request_id, user_id, project_id } = ctxt;
  // The daemon's own work has no user.
  const isUsers = user_id !== null && project_id !== null;
  return {
    request_id: isUsers ? request_id : null,
    action_initiator_user: user_id,
    action_initiator_project: project_id,
  };
}

function flavorPayload(flavor: Flavor): JsonObject {
  return payload('FlavorPayload', '1.4', {
    flavorid: flavor.flavorid,
    memory_mb: flavor.memory_mb,
    vcpus: flavor.vcpus,
    root_gb: flavor.root_gb,
    ephemeral_gb: flavor.ephemeral_gb,
    name: flavor.name,
    swap: flavor.swap,
    rxtx_factor: flavor.rxtx_factor,
    vcpu_weight: flavor.vcpu_weight,
    disabled: flavor.disabled,
    is_public: flavor.is_public,
    extra_specs: flavor.has('extra_specs') ? flavor.extra_specs : null,
    projects: flavor.has('projects') ? [...flavor.projects] : null,
    description: flavor.has('description') ? flavor.description : null,
  });
}

function ipPayloads(instance: Instance): JsonValue[] {
  return networkInfoOf(instance).flatMap(({ id, address: mac, network, devname, meta }) =>
    network.subnets.flatMap(({ ips }) =>
      ips.map(({ version, address }) =>
        payload('IpPayload', '1.0', {
          label: network.label,
          mac,
          meta,
          port_uuid: id,
          version,
          address,
          device_name: devname,
        }),
      ),
    ),
  );
}

function creationData(instance: Instance): JsonObject {
  const certificates = instance.has('trusted_certs') ? instance.trusted_certs : null;
  return {
    keypairs: instance.has('keypairs') ? instance.keypairs.objects.map(keyPairPayload) : [],
    tags: instance.has('tags') ? instance.tags.objects.map(({ tag }) => tag) : [],
    trusted_image_certificates: certificates ? [...certificates.ids] : null,
    instance_name: instance.has('id') ? instance.name : null,
  };
}

function keyPairPayload({ user_id, name, public_key, fingerprint, type }: KeyPair): JsonObject {
  return payload('KeypairPayload', '1.0', { user_id, name, public_key, fingerprint, type });
}

function faultPayload(fault: unknown): JsonObject {
  return payload('ExceptionPayload', '1.1', {
    module_name: 'unknown',
    function_name: 'unknown',
    exception: faultName(fault),
    exception_message: messageOf(fault),
    traceback: tracebackOf(fault).join(''),
  });
}

/** `2026-01-31T23:59:59Z` */
function timeOf(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
