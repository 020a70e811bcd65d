import type { GuestRecord, guestRpc, Outcome } from '@mini-nova/compute/rpcapi';
import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import type { ArgsOf, EndpointOf } from '@mini-nova/messaging';
import { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import type { ComputeHost } from './compute-host.ts';
import { type GuestWatch, judge, type StrayGuest } from './guest-watch.ts';

/** Serves the guest API, with which operators see and remove guests of this host, beside the compute API. */
export class GuestManager implements EndpointOf<typeof guestRpc, RequestContext> {
  readonly #host: ComputeHost;
  readonly #watch: GuestWatch;

  constructor(host: ComputeHost, watch: GuestWatch) {
    this.#host = host;
    this.#watch = watch;
  }

  async listGuests(ctxt: RequestContext): Promise<GuestRecord[]> {
    const { driver, tracker } = this.#host;
    await tracker.updateAvailableResource(ctxt);
    const strays = new Map((await this.#watch.look(ctxt)).map((stray) => [stray.uuid, stray]));
    const [node = this.#host.name] = await driver.getAvailableNodes();
    const guests: GuestRecord[] = [];
    for (const uuid of await driver.listInstanceUuids()) {
      const guest = await this.#describe(uuid, node, strays.get(uuid));
      if (guest) guests.push(guest);
    }
    return guests;
  }

  async removeGuest(
    ctxt: RequestContext,
    { instance_uuid: uuid }: ArgsOf<typeof guestRpc, 'removeGuest'>,
  ): Promise<Outcome> {
    return this.#host.locks.run(uuid, async () => {
      const { driver, tracker, logger, name } = this.#host;
      if (!(await driver.listInstanceUuids()).includes(uuid)) return notDone('there is no such guest');
      const [{ state, record } = {}] = await judge(this.#host, [uuid]);
      if (state === 'here') return notDone('its instance is recorded on this host: delete the server');
      if (state === 'moving') return notDone('a migration that is under way moves its instance');
      logger.warn({ instance_uuid: uuid, host: name }, 'Destroying a guest, as an operator asked for');
      await driver.destroy(ctxt, record ?? new Instance({ uuid }));
      tracker.release(uuid);
      await this.#watch.look(ctxt);
      return { done: true, reason: 'the guest is destroyed' };
    });
  }

  async acceptRecords(ctxt: RequestContext): Promise<Outcome> {
    const { ownRecords, logger, name } = this.#host;
    await ownRecords.confirm(ctxt);
    const { suspension } = ownRecords;
    if (!suspension) return notDone('the records of this compute are not missing');
    logger.warn(
      { host: name, reason: suspension.reason },
      'Taking the records as they are, as an operator says',
    );
    ownRecords.accept();
    const left = ownRecords.suspension;
    return left ? notDone(left.reason) : { done: true, reason: `accepted: ${suspension.reason}` };
  }

  /** Undefined: the guest is gone. */
  async #describe(
    uuid: string,
    node: string,
    stray: StrayGuest | undefined,
  ): Promise<GuestRecord | undefined> {
    const { moving } = this.#watch;
    try {
      const guest = await this.#host.driver.describeGuest(uuid);
      return {
        uuid,
        state: stray?.state ?? (moving.has(uuid) ? 'moving' : 'here'),
        recorded_host: stray ? stray.recordedHost : (moving.get(uuid) ?? this.#host.name),
        node,
        name: guest.name,
        project_id: guest.projectId,
        user_id: guest.userId,
        flavor_name: guest.flavorName,
        vcpus: guest.vcpus,
        memory_mb: guest.memoryMb,
        disk_gb: guest.diskGb,
        power_state: guest.powerState,
        interfaces: guest.interfaces,
      };
    } catch (error) {
      if (error instanceof InstanceNotFound) return undefined;
      throw error;
    }
  }
}

function notDone(reason: string): Outcome {
  return { done: false, reason };
}
