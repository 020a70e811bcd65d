import type { RequestStores } from '@mini-nova/data/request-stores';
import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { TaskState } from '@mini-nova/domain/states/task-state';
import type { Instance } from '@mini-nova/objects';
import { settlesWithin } from '@mini-nova/service';
import type { ComputeDependencies } from './dependencies.ts';

/** Seconds for which a message that the bus does not take keeps the user waiting. */
const PATIENCE = 2;

/** Deletes servers, in whatever state they are. */
export class ServerDeletion {
  readonly #dependencies: ComputeDependencies;

  constructor(dependencies: ComputeDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves when the deletion is recorded: from then on it will be carried out, whatever becomes of the message. An
   * instance that is on no host, or whose compute is down, is deleted at once; that compute deletes what is left of it
   * when it is back.
   *
   * @throws InstanceNotFound
   */
  async delete(stores: RequestStores, uuid: string): Promise<void> {
    const { settings } = this.#dependencies;
    const instance = await stores.instances.get(uuid);
    const remote = await stores.services.isComputeUp(instance.host, settings.serviceDownTime);
    if (remote) await this.#deleteOnHost(stores, instance);
    else await this.#deleteLocally(stores, instance);
  }

  async #deleteOnHost(stores: RequestStores, instance: Instance): Promise<void> {
    try {
      await stores.instances.update(instance, { task_state: TaskState.DELETING, progress: 0 });
    } catch (error) {
      if (error instanceof InstanceNotFound) return;
      throw error;
    }
    // Between the look-up and the save, a failed build left its host; the save has updated `instance`.
    if (instance.host === null) return this.#deleteLocally(stores, instance);
    await this.#order(stores, instance);
  }

  /** The compute carries it out when it gets the message, at the latest when the conductor's sweep asks it again. */
  async #order({ ctxt }: RequestStores, instance: Instance): Promise<void> {
    const { compute, logger } = this.#dependencies;
    const { uuid } = instance;
    const ordered = compute.terminateInstance(ctxt, { instance }).catch((error: unknown) => {
      logger.warn({ instance: uuid, err: error }, 'The deletion was not sent, and is left to the conductor');
    });
    await settlesWithin(ordered, PATIENCE);
  }

  async #deleteLocally({ instances }: RequestStores, instance: Instance): Promise<void> {
    const { uuid, host } = instance;
    await instances.delete(instance);
    this.#dependencies.logger.info({ instance: uuid, host }, 'Deleted the instance without its host');
  }
}
