import { findPort, listPortsOfDevice } from '@mini-nova/data/ports/queries';
import type { PortRow } from '@mini-nova/data/ports/table';
import { FixedIpAlreadyInUse, PortNotFound } from '@mini-nova/domain/exceptions';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import type { AttachInterfaceBody } from '../documents/interface.ts';
import { BadRequest, Conflict, NotFound } from '../http-errors.ts';
import { boundedCast } from './bounded-cast.ts';
import type { ComputeDependencies } from './dependencies.ts';
import { serverOfProject } from './server-of-project.ts';
import { assertHostUp } from './service-check.ts';
import { type AllowedStates, assertAllowed } from './state-check.ts';

const ATTACHABLE: AllowedStates = { vmStates: [VmState.ACTIVE, VmState.STOPPED], taskStates: [null] };

type Attachment = NonNullable<AttachInterfaceBody['interfaceAttachment']>;

/** The interfaces of servers: the ports bound to them. */
export class ServerInterfaces {
  readonly #dependencies: ComputeDependencies;

  constructor(dependencies: ComputeDependencies) {
    this.#dependencies = dependencies;
  }

  /** Oldest first. @throws InstanceNotFound */
  async list(ctxt: RequestContext, uuid: string): Promise<PortRow[]> {
    const { instances, db } = this.#dependencies;
    await serverOfProject(instances, ctxt, uuid);
    return listPortsOfDevice(db.kysely, uuid);
  }

  /** @throws InstanceNotFound, PortNotFound, NotFound when the port is another's */
  async get(ctxt: RequestContext, uuid: string, portId: string): Promise<PortRow> {
    const { instances, db } = this.#dependencies;
    await serverOfProject(instances, ctxt, uuid);
    const port = await findPort(db.kysely, portId);
    if (!port) throw new PortNotFound({ port_id: portId });
    if (port.device_uuid !== uuid) {
      throw new NotFound(`Instance ${uuid} does not have a port with id ${portId}`);
    }
    return port;
  }

  /**
   * Resolves when the guest has the interface.
   *
   * @throws BadRequest, Conflict, ServiceUnavailable, what the compute threw, MessagingTimeout
   */
  async attach(ctxt: RequestContext, uuid: string, attachment: Attachment): Promise<PortRow> {
    const { net_id = null, port_id = null, fixed_ips } = attachment;
    const address = fixed_ips?.[0]?.ip_address ?? null;
    if (net_id !== null && port_id !== null) {
      throw new BadRequest('Must not input both network_id and port_id');
    }
    if (address !== null && net_id === null) {
      throw new BadRequest('Must input network_id when request IP address');
    }
    const instance = await this.#usable(ctxt, uuid, 'attach_interface');
    try {
      const { compute } = this.#dependencies;
      const args = { instance, network_id: net_id, port_id, requested_ip: address };
      const { id } = await compute.attachInterface(ctxt, args);
      return await this.get(ctxt, uuid, id);
    } catch (error) {
      if (error instanceof FixedIpAlreadyInUse) throw new Conflict(error.message, { cause: error });
      throw error;
    }
  }

  /**
   * Resolves when the compute's queue has the request, or may have it.
   *
   * @throws NotFound, Conflict, ServiceUnavailable, Unavailable
   */
  async detach(ctxt: RequestContext, uuid: string, portId: string): Promise<void> {
    const instance = await this.#usable(ctxt, uuid, 'detach_interface');
    await this.get(ctxt, uuid, portId);
    const { compute, settings } = this.#dependencies;
    await boundedCast(
      (options) => compute.detachInterface(ctxt, { instance, port_id: portId }, options),
      settings.castTimeout,
    );
  }

  async #usable(ctxt: RequestContext, uuid: string, action: string): Promise<Instance> {
    const instance = await serverOfProject(this.#dependencies.instances, ctxt, uuid);
    assertAllowed(instance, action, ATTACHABLE);
    await assertHostUp(instance, this.#dependencies);
    return instance;
  }
}
