import type { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import { TaskState } from '../../compute/task-states.ts';
import { InstanceNotFound } from '../../exceptions.ts';
import { deleteInstance } from '../../stores/instance-deletion.ts';
import { boundedCast } from './bounded-cast.ts';
import type { ComputeDependencies } from './dependencies.ts';
import { serverOfProject } from './server-of-project.ts';
import { isHostUp } from './service-check.ts';

/** Deletes servers, in whatever state they are. */
export class ServerDeletion {
  readonly #dependencies: ComputeDependencies;

  constructor(dependencies: ComputeDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves when the compute's queue has the request. An instance that is on no host, or whose compute is down, is
   * gone then; that compute deletes what is left of it when it is back.
   *
   * @throws InstanceNotFound, Unavailable
   */
  async delete(ctxt: RequestContext, uuid: string): Promise<void> {
    const instance = await serverOfProject(this.#dependencies.instances, ctxt, uuid);
    const remote = instance.host !== null && (await isHostUp(instance.host, this.#dependencies));
    if (remote) await this.#deleteOnHost(ctxt, instance);
    else await this.#deleteLocally(instance);
  }

  async #deleteOnHost(ctxt: RequestContext, instance: Instance): Promise<void> {
    const { instances, compute, settings } = this.#dependencies;
    try {
      await instances.update(instance, { task_state: TaskState.DELETING, progress: 0 });
    } catch (error) {
      if (error instanceof InstanceNotFound) return;
      throw error;
    }
    // A failed build left its host between the look-up and the save, which brought the record up to date.
    if (instance.host === null) return this.#deleteLocally(instance);
    await boundedCast(() => compute.terminateInstance(ctxt, { instance }), settings.castTimeout);
  }

  async #deleteLocally(instance: Instance): Promise<void> {
    const { db, instances, logger } = this.#dependencies;
    const { uuid, host } = instance;
    await deleteInstance(db, instances, instance);
    logger.info({ instance: uuid, host }, 'Deleted the instance without its host');
  }
}
