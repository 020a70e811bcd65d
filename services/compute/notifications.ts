import { NovaError } from '@mini-nova/domain/exceptions';
import { faultName } from '@mini-nova/domain/instance-fault';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { PowerEvent } from '@mini-nova/domain/operations';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { JsonObject, Logger, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { Manager } from '@mini-nova/service';
import { versionedPayloadOf } from './versioned-payload.ts';

/** The events of Nova's computes that are sent here, as `compute.instance.<event>`. */
export type InstanceEvent =
  | `${'create' | PowerEvent}.${'start' | 'end' | 'error'}`
  | `${'delete' | 'shutdown'}.${'start' | 'end'}`;

export interface EventDetails {
  /** Further fields of the unversioned notification. */
  extra?: JsonObject;
  networkInfo?: readonly VirtualInterface[];
  /** The error of a failed operation. */
  fault?: unknown;
  /** When the instance was deleted: its object does not say so. */
  deletedAt?: Date;
}

/** Where notifications go: a Manager's. */
type Notifiers = Pick<Manager, 'notifier' | 'versionedNotifier'>;

/** Sends notifications about operations on the host's instances, both unversioned and versioned. */
export class InstanceNotifications {
  readonly #notifiers: Notifiers;
  readonly #logger: Logger;

  constructor(notifiers: Notifiers, logger: Logger) {
    this.#notifiers = notifiers;
    this.#logger = logger;
  }

  /** Neither fails nor delays the operation: the instance is read at once, and the notifier does the rest. */
  tell(ctxt: RpcContext, instance: Instance, event: InstanceEvent, details: EventDetails = {}): void {
    const { notifier, versionedNotifier } = this.#notifiers;
    const priority = event.endsWith('.error') ? 'error' : 'info';
    try {
      if (notifier.isEnabled()) {
        void notifier[priority](ctxt, `compute.instance.${event}`, payloadOf(instance, details));
      }
      if (versionedNotifier.isEnabled()) {
        const payload = versionedPayloadOf(ctxt, instance, event, details);
        void versionedNotifier[priority](ctxt, `instance.${event}`, payload);
      }
    } catch (err) {
      // A bug, or an incomplete record. The event itself has happened all the same.
      this.#logger.error({ err, instance_uuid: instance.uuid, event }, 'A notification cannot be made');
    }
  }
}

function payloadOf(
  instance: Instance,
  { extra = {}, networkInfo, fault, deletedAt }: EventDetails,
): JsonObject {
  return {
    ...ownerOf(instance),
    ...flavorOf(instance),
    ...placeOf(instance),
    ...timesOf(instance),
    ...stateOf(instance),
    ...(networkInfo && { fixed_ips: fixedIpsOf(networkInfo) }),
    image_meta: imageMetaOf(instance),
    metadata: instance.has('metadata') ? instance.metadata : {},
    ...(deletedAt && deletedData(deletedAt)),
    ...extra,
    ...(fault !== undefined && faultOf(fault)),
  };
}

function ownerOf(instance: Instance): JsonObject {
  return {
    tenant_id: instance.project_id,
    user_id: instance.user_id,
    instance_id: instance.uuid,
    display_name: instance.display_name,
    reservation_id: instance.reservation_id,
    hostname: instance.hostname,
  };
}

function flavorOf(instance: Instance): JsonObject {
  const { flavor } = instance;
  return {
    instance_type: flavor.name,
    instance_type_id: instance.instance_type_id,
    instance_flavor_id: flavor.flavorid,
    architecture: instance.architecture,
    memory_mb: flavor.memory_mb,
    disk_gb: flavor.root_gb + flavor.ephemeral_gb,
    vcpus: flavor.vcpus,
    root_gb: flavor.root_gb,
    ephemeral_gb: flavor.ephemeral_gb,
  };
}

function placeOf(instance: Instance): JsonObject {
  return {
    host: instance.host,
    node: instance.node,
    availability_zone: instance.availability_zone,
    cell_name: textOf(instance.cell_name),
    image_ref_url: instance.image_ref,
    os_type: instance.os_type,
    kernel_id: instance.kernel_id,
    ramdisk_id: instance.ramdisk_id,
    access_ip_v4: instance.access_ip_v4,
    access_ip_v6: instance.access_ip_v6,
  };
}

function timesOf(instance: Instance): JsonObject {
  const { created_at, terminated_at, deleted_at, launched_at } = instance;
  return {
    // Python's text of a datetime, as in Nova's payload.
    created_at: created_at ? `${created_at.toISOString().slice(0, 19).replace('T', ' ')}+00:00` : 'None',
    terminated_at: timeOf(terminated_at),
    deleted_at: timeOf(deleted_at),
    launched_at: timeOf(launched_at),
  };
}

function stateOf(instance: Instance): JsonObject {
  return {
    state: instance.vm_state,
    state_description: textOf(instance.task_state),
    progress: instance.progress || '',
  };
}

function fixedIpsOf(networkInfo: readonly VirtualInterface[]): JsonObject[] {
  return networkInfo.flatMap(({ network, address }) =>
    network.subnets.flatMap(({ ips }) =>
      ips.map((ip) => ({ ...ip, label: network.label, vif_mac: address })),
    ),
  );
}

function imageMetaOf(instance: Instance): JsonObject {
  const prefix = 'image_';
  const metadata = instance.has('system_metadata') ? instance.system_metadata : {};
  const ofImage = Object.entries(metadata).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(ofImage.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** For errors that are not Nova's, only the name: their messages may hold what not every listener should see. */
function faultOf(fault: unknown): JsonObject {
  if (!(fault instanceof NovaError)) {
    const name = faultName(fault);
    return { exception: name, message: name, code: 500 };
  }
  return { exception: fault.message, message: fault.message, code: fault.httpStatus };
}

/** The state that a deletion leaves: the record is gone before the notification is made. */
function deletedData(at: Date): JsonObject {
  const time = timeOf(at);
  return { state: VmState.DELETED, state_description: '', terminated_at: time, deleted_at: time };
}

/** `2026-01-31T23:59:59.123000` */
function timeOf(at: Date | null): string {
  return at ? at.toISOString().replace('Z', '000') : '';
}

function textOf(text: string | null): string {
  return text ?? '';
}
