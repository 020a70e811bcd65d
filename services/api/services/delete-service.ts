import type { AdminStores, RequestStores } from '@mini-nova/data/request-stores';
import { ServiceNotFound } from '@mini-nova/domain/exceptions';
import type { Service } from '@mini-nova/objects';
import { BadRequest, Conflict } from '../http-errors.ts';
import type { ComputeDependencies } from '../operations/dependencies.ts';

type Dependencies = Pick<ComputeDependencies, 'settings'>;

/** Deletes the records of daemons that are gone for good. */
export class ServiceDeletion {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Deletes the record, and with a compute's those of its nodes and their inventories.
   *
   * @throws AdminRequired, BadRequest, ServiceNotFound; Conflict while the service is up, or its host has instances, or
   *   migrations that are under way
   */
  async delete(stores: RequestStores, id: string): Promise<void> {
    const { services } = stores.admin;
    const { settings } = this.#dependencies;
    if (!/^\d{1,9}$/.test(id)) throw new BadRequest(`Invalid service id ${id}: it must be a number.`);
    const service = await services.getById(Number(id));
    if (services.isUp(service, settings.serviceDownTime)) {
      throw new Conflict(
        'Unable to delete a service that is up: stop it first, else it would register again.',
      );
    }
    await assertWithoutInstances(stores, service);
    await assertWithoutMigrations(stores, service);
    await deleteRecords(stores, service);
  }
}

async function assertWithoutInstances(
  { instances }: RequestStores,
  { binary, host }: Service,
): Promise<void> {
  if (binary !== 'nova-compute' || host === null) return;
  const found = await instances.ofAllProjects().list({ host, limit: 1 });
  if ([...found].length === 0) return;
  throw new Conflict(
    'Unable to delete compute service that is hosting instances. Migrate or delete the instances first.',
  );
}

/** As in Nova. A host from which an instance has moved no longer has it, but still keeps room for it. */
async function assertWithoutMigrations(
  { migrations }: RequestStores,
  { binary, host }: Service,
): Promise<void> {
  if (binary !== 'nova-compute' || host === null) return;
  const found = await migrations.ofAllProjects().list({ host, underWay: true, limit: 1 });
  if ([...found].length === 0) return;
  throw new Conflict(
    'Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the instances first.',
  );
}

async function deleteRecords(stores: RequestStores, service: Service): Promise<void> {
  const work = async ({ admin: { services, computeNodes, providers } }: RequestStores) => {
    if (!(await services.delete(service))) throw notFound(service);
    if (service.binary !== 'nova-compute' || service.host === null) return;
    for (const node of await computeNodes.list({ host: service.host })) {
      await computeNodes.delete(node);
      await providers.empty(node.uuid);
    }
  };
  await stores.transaction(work, { lostCommit: ({ admin }) => isGone(admin, service) });
}

async function isGone({ services }: AdminStores, { id }: Service): Promise<boolean> {
  try {
    await services.getById(id);
    return false;
  } catch (error) {
    if (error instanceof ServiceNotFound) return true;
    throw error;
  }
}

function notFound({ id }: Service): ServiceNotFound {
  return new ServiceNotFound({ service_id: String(id) });
}
