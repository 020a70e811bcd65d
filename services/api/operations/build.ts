import type { RequestStores } from '@mini-nova/data/request-stores';
import { DatabaseUnavailable, patienceLeft } from '@mini-nova/database';
import { FlavorNotFound } from '@mini-nova/domain/exceptions';
import { endInError, type InstanceRecords } from '@mini-nova/domain/instance-fault';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { OneCastOptions } from '@mini-nova/messaging';
import { type Flavor, type Instance, TagList } from '@mini-nova/objects';
import { WorkQueue } from '@mini-nova/service';
import type { CreateServerBody } from '../documents/server.ts';
import { BadRequest, Unavailable } from '../http-errors.ts';
import type { ImageDefinition } from '../images/options.ts';
import {
  assertPlacement,
  type NewServer,
  type NewServers,
  newPassword,
  newReservationId,
  newServer,
  parseAvailabilityZone,
  requestedDisks,
  requestedNetworks,
} from '../servers/new-server.ts';
import { boundedCast } from './bounded-cast.ts';
import type { ComputeDependencies } from './dependencies.ts';
import { undo } from './undo.ts';

export interface CreatedServers {
  instances: Instance[];
  reservationId: string;
  adminPassword: string;
}

/**
 * Requests that are worked on at the same time. If there were more, none would be served sooner, since they wait for
 * each other and for the database, but all other requests would be served later: while 200 servers were requested, a
 * request for a flavor took twice as long with 8 as with 2.
 */
const MAX_AT_ONCE = 2;
/**
 * In addition, up to `most` requests that have run for `after` ms: they must be waiting for the database or the bus.
 */
const SLOW = { after: 500, most: 30 };

/** Boots servers: checks the request, records what is to be built, and hands it to the conductor. */
export class ServerCreation {
  readonly #dependencies: ComputeDependencies;
  readonly #queue = new WorkQueue({ name: 'nova-api', width: () => MAX_AT_ONCE, slow: SLOW });
  /** Why the last request that waited for the database failed, if none has succeeded since. */
  #outage: DatabaseUnavailable | undefined;

  constructor(dependencies: ComputeDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves when the conductor's queue has the request: from then on each instance ends ACTIVE, or in ERROR with a
   * fault.
   *
   * @throws BadRequest, Conflict; Unavailable when the bus is away, and the instances are in ERROR
   */
  create(stores: RequestStores, body: CreateServerBody['server']): Promise<CreatedServers> {
    return this.#queue.run(() => this.#inTurn(() => this.#create(stores, body)));
  }

  async #create(stores: RequestStores, body: CreateServerBody['server']): Promise<CreatedServers> {
    const request = await this.#check(stores, body);
    const servers = await this.#record(stores, request);
    const adminPassword = body.adminPass ?? newPassword();
    await this.#build(stores, servers, { request, adminPassword });
    const instances = servers.map(({ instance }) => instance);
    return { instances, reservationId: request.reservationId, adminPassword };
  }

  /** A request whose patience has run out while it waited in line does not try a database that is known to be away. */
  async #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const isImpatient = patienceLeft() <= 0;
    if (isImpatient && this.#outage !== undefined) throw this.#outage;
    try {
      const result = await step();
      this.#outage = undefined;
      return result;
    } catch (error) {
      // A request without patience may only have met a broken connection.
      if (error instanceof DatabaseUnavailable && !isImpatient) this.#outage = error;
      throw error;
    }
  }

  async #check(stores: RequestStores, body: CreateServerBody['server']): Promise<NewServers> {
    const minCount = Number(body.min_count ?? 1);
    const maxCount = Number(body.max_count ?? minCount);
    if (minCount > maxCount) throw new BadRequest('min_count must be <= max_count');
    const image = this.#imageOf(body.imageRef);
    const flavor = await flavorOf(stores, String(body.flavorRef));
    assertFits(flavor, image);
    const placement = parseAvailabilityZone(body.availability_zone);
    await assertPlacement(placement, stores, this.#dependencies.settings);
    const networks = await requestedNetworks(stores, body.networks, maxCount);
    return {
      name: body.name,
      count: maxCount,
      flavor,
      image,
      placement,
      networks,
      metadata: body.metadata ?? {},
      userData: body.user_data ?? null,
      autoDiskConfig: body['OS-DCF:diskConfig'] === 'AUTO',
      reservationId: newReservationId(),
    };
  }

  #imageOf(ref: string): ImageDefinition {
    const image = this.#dependencies.images.find(idOf(ref));
    if (!image) throw new BadRequest('Can not find requested image');
    return image;
  }

  /** All records of all servers, or none. */
  async #record(stores: RequestStores, request: NewServers): Promise<NewServer[]> {
    const { images } = this.#dependencies;
    const work = async ({ ctxt, instances, requestSpecs, buildRequests }: RequestStores) => {
      const servers = Array.from({ length: request.count }, (_, index) =>
        newServer(ctxt, request, index, images),
      );
      for (const { instance, requestSpec, buildRequest } of servers) {
        await instances.create(instance);
        await requestSpecs.create(requestSpec);
        await buildRequests.create(buildRequest);
      }
      return servers;
    };
    return stores.transaction(work, {
      lostCommit: async ({ instances }, [server]) =>
        server !== undefined && (await instances.has(server.instance.uuid)),
    });
  }

  async #build(stores: RequestStores, servers: NewServer[], build: Build): Promise<void> {
    const { castTimeout } = this.#dependencies.settings;
    try {
      const send = (options: OneCastOptions) => this.#send(stores, servers, build, options);
      if ((await boundedCast(send, castTimeout)) === 'sent') return;
    } catch (error) {
      await this.#withdraw(stores, servers, error);
      throw error;
    }
    const error = new Unavailable(
      `The message bus did not confirm the request within ${castTimeout} seconds.`,
    );
    if (await this.#withdraw(stores, servers, error)) throw error;
  }

  async #send(
    { ctxt }: RequestStores,
    servers: NewServer[],
    { request, adminPassword }: Build,
    options: OneCastOptions,
  ): Promise<void> {
    const { computeTask, images } = this.#dependencies;
    const args = {
      build_requests: servers.map(({ buildRequest }) => buildRequest),
      request_specs: servers.map(({ requestSpec }) => requestSpec),
      image: images.wireDocument(request.image),
      admin_password: adminPassword,
      injected_files: [],
      requested_networks: request.networks,
      block_device_mapping: requestedDisks(request.image),
      tags: new TagList({ objects: [] }),
    };
    await computeTask.scheduleAndBuildInstances(ctxt, args, options);
  }

  /**
   * Ends all the instances in ERROR with the reason, so that nobody builds them. False: a conductor has got the message
   * after all, and builds them.
   */
  async #withdraw(stores: RequestStores, servers: NewServer[], error: unknown): Promise<boolean> {
    const { logger } = this.#dependencies;
    const uuids = servers.map(({ instance }) => instance.uuid);
    const work = async () => {
      await stores.transaction((inside) => end(inside, uuids, error), { lostCommit: 'repeat' });
      logger.warn({ err: error, instances: uuids }, 'The build request was not sent');
      return true;
    };
    try {
      return (await undo(this.#dependencies, uuids, work)) ?? true;
    } catch (failure) {
      if (failure instanceof RequestTaken) return false;
      throw failure;
    }
  }
}

/** Whoever deletes the build request owns the instance. Idempotent. @throws RequestTaken */
async function end(
  { instances, buildRequests }: RequestStores,
  uuids: readonly string[],
  error: unknown,
): Promise<void> {
  for (const uuid of uuids) {
    const instance = await instances.lock(uuid);
    // Deleted by its user, or ended before.
    if (instance === undefined || instance.vm_state === VmState.ERROR) continue;
    if (!(await buildRequests.delete(instance))) throw new RequestTaken(uuid);
    const records: InstanceRecords = {
      addFault: (fault) => instances.addFault(instance, fault),
      update: (...update) => instances.update(...update),
    };
    await endInError(records, instance, error, { host: null, withoutDetails: true });
  }
}

/** A conductor builds the instance. */
class RequestTaken extends Error {
  override readonly name = 'RequestTaken';

  constructor(uuid: string) {
    super(`The build of instance ${uuid} has begun`);
  }
}

interface Build {
  request: NewServers;
  adminPassword: string;
}

/** Nova takes a URL that ends with the id, too. */
function idOf(ref: string): string {
  return ref.replace(/[?#].*$/s, '').replace(/^.*\//s, '');
}

async function flavorOf({ flavors }: RequestStores, ref: string): Promise<Flavor> {
  try {
    return await flavors.getByFlavorid(idOf(ref));
  } catch (error) {
    if (error instanceof FlavorNotFound) throw new BadRequest(error.message, { cause: error });
    throw error;
  }
}

function assertFits(flavor: Flavor, image: ImageDefinition): void {
  if (flavor.disabled) throw new BadRequest(new FlavorNotFound({ flavor_id: flavor.flavorid }).message);
  if (flavor.memory_mb < image.min_ram) {
    throw new BadRequest(
      `Flavor's memory is too small for requested image: ${flavor.memory_mb} MiB, the image needs ${image.min_ram} MiB.`,
    );
  }
  // A root disk of 0 has the size of the image.
  if (flavor.root_gb === 0) return;
  if (flavor.root_gb < image.min_disk) {
    throw new BadRequest(
      `Flavor's disk is too small for requested image: ${flavor.root_gb} GiB, the image needs ${image.min_disk} GiB.`,
    );
  }
  if (flavor.root_gb * 2 ** 30 < image.size) {
    throw new BadRequest(
      `Flavor's disk is too small for requested image: ${flavor.root_gb} GiB, the image has ${image.size} bytes.`,
    );
  }
}
