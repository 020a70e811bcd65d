import { replaceInventories } from '@mini-nova/data/allocations/queries';
import { ComputeNodeStore } from '@mini-nova/data/compute-nodes/store';
import type { Queryable } from '@mini-nova/data/database';
import { findServiceById } from '@mini-nova/data/services/queries';
import { ServiceStore } from '@mini-nova/data/services/store';
import { ServiceNotFound } from '@mini-nova/domain/exceptions';
import type { Service } from '@mini-nova/objects';
import { BadRequest, Conflict } from '../http-errors.ts';
import type { ComputeDependencies } from './dependencies.ts';

type Dependencies = Pick<ComputeDependencies, 'db' | 'instances' | 'services' | 'settings'>;

/** Deletes the records of daemons that are gone for good. */
export class ServiceDeletion {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Deletes the record; with a compute's go those of its nodes, and what they offer.
   *
   * @throws BadRequest, ServiceNotFound; Conflict while the service is up, or its host has instances
   */
  async delete(id: string): Promise<void> {
    const { services, settings } = this.#dependencies;
    if (!/^\d{1,9}$/.test(id)) throw new BadRequest(`Invalid service id ${id}: it must be a number.`);
    const service = await services.getById(Number(id));
    if (services.isUp(service, settings.serviceDownTime)) {
      throw new Conflict(
        'Unable to delete a service that is up: stop it first, else it would register again.',
      );
    }
    await this.#assertWithoutInstances(service);
    await this.#deleteRecords(service);
  }

  async #assertWithoutInstances({ binary, host }: Service): Promise<void> {
    if (binary !== 'nova-compute' || host === null) return;
    const instances = await this.#dependencies.instances.list({ host, limit: 1 });
    if ([...instances].length === 0) return;
    throw new Conflict(
      'Unable to delete compute service that is hosting instances. Migrate or delete the instances first.',
    );
  }

  async #deleteRecords(service: Service): Promise<void> {
    const work = async (trx: Queryable) => {
      if (!(await new ServiceStore(trx).delete(service))) {
        throw new ServiceNotFound({ service_id: String(service.id) });
      }
      if (service.binary !== 'nova-compute' || service.host === null) return;
      const nodes = new ComputeNodeStore(trx);
      for (const node of await nodes.list({ host: service.host })) {
        await nodes.delete(node);
        await replaceInventories(trx, node.uuid, []);
      }
    };
    await this.#dependencies.db.transaction(work, {
      lostCommit: async (connection) => (await findServiceById(connection, service.id)) === undefined,
    });
  }
}
