import { deleteAllocations } from '@mini-nova/data/allocations/queries';
import { deleteBuildRequest } from '@mini-nova/data/build-requests/store';
import type { Database, Queryable } from '@mini-nova/data/database';
import { findInstance, lockInstance } from '@mini-nova/data/instances/queries';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import { releasePorts } from '@mini-nova/data/ports/queries';
import { databaseTimestamp } from '@mini-nova/database';
import { NovaError } from '@mini-nova/domain/exceptions';
import { endInError, messageOf } from '@mini-nova/domain/instance-fault';
import { infoCacheOf } from '@mini-nova/domain/network-model';
import { outlastDatabase } from '@mini-nova/domain/outage-retry';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { Logger } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';

export interface FailedBuildsOptions {
  db: Database;
  instances: InstanceStore;
  logger: Logger;
}

/** Ends builds that the conductor cannot go on with. */
export class FailedBuilds {
  readonly #db: Database;
  readonly #instances: InstanceStore;
  readonly #logger: Logger;

  constructor({ db, instances, logger }: FailedBuildsOptions) {
    this.#db = db;
    this.#instances = instances;
    this.#logger = logger;
  }

  /**
   * Puts the instance in ERROR with a fault, and gives its allocation and its ports back, in one transaction. A build
   * that is on a host keeps them, since its guest may be there: that compute gives them back when there is none.
   * Nothing is done if `isStill` says no: then the build has moved on and is someone else's.
   */
  async end(uuid: string, error: unknown, isStill: (instance: Instance) => boolean): Promise<boolean> {
    const ended = await outlastDatabase(() => this.#end(uuid, error, isStill));
    this.#log(uuid, error, ended);
    return ended;
  }

  /** Repeated, it finds the instance ended. */
  #end(uuid: string, error: unknown, isStill: (instance: Instance) => boolean): Promise<boolean> {
    const work = async (trx: Queryable) => {
      if (!(await lockInstance(trx, uuid))) {
        // If it was deleted, what was claimed for it meanwhile is of no use. If it has no record at all, nobody knows
        // that.
        const isDeleted = (await findInstance(trx, uuid, { includeDeleted: true })) !== undefined;
        if (isDeleted) await deleteAllocations(trx, uuid);
        return false;
      }
      const instances = this.#instances.within(trx);
      const instance = await instances.getByUuid(uuid);
      if (!isStill(instance)) return false;
      await endInError(instances, instance, error, { host: instance.host });
      await deleteBuildRequest(trx, uuid);
      if (instance.host === null) {
        await deleteAllocations(trx, uuid);
        await releasePorts(trx, { deviceUuid: uuid, at: databaseTimestamp(trx) });
        await instances.update(instance, { info_cache: infoCacheOf(instance, []) });
      }
      return true;
    };
    return this.#db.transaction(work, { lostCommit: 'repeat' });
  }

  /** As `end`, for one of several: what cannot be ended now is left to the sweep, and does not stop the others. */
  async tryToEnd(uuid: string, error: unknown, isStill: (instance: Instance) => boolean): Promise<void> {
    try {
      await this.end(uuid, error, isStill);
    } catch (failure) {
      const data = { instance_uuid: uuid, reason: messageOf(error), err: failure };
      this.#logger.error(data, 'A build that failed could not be ended, and is left to the sweep');
    }
  }

  #log(uuid: string, error: unknown, ended: boolean): void {
    const data = { instance_uuid: uuid, reason: messageOf(error) };
    if (!ended) this.#logger.info(data, 'A build that failed was ended by someone else');
    else if (error instanceof NovaError) this.#logger.warn(data, 'The build ended in ERROR');
    else this.#logger.error({ ...data, err: error }, 'The build ended in ERROR');
  }
}

/** No compute has taken the instance over yet. */
export function isScheduling(instance: Instance): boolean {
  const { vm_state, task_state, host } = instance;
  return vm_state === VmState.BUILDING && task_state === TaskState.SCHEDULING && host === null;
}
