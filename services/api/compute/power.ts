import { InstanceNotFound, InstanceUpdateConflict } from '@mini-nova/domain/exceptions';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { OneCastOptions } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import { boundedCast } from './bounded-cast.ts';
import type { ComputeDependencies } from './dependencies.ts';
import { serverOfProject } from './server-of-project.ts';
import { assertHostUp } from './service-check.ts';
import { type AllowedStates, assertAllowed, saveConflict } from './state-check.ts';
import { undo } from './undo.ts';

const { ACTIVE, STOPPED, ERROR } = VmState;

const STARTABLE: AllowedStates = { vmStates: [STOPPED], taskStates: [null] };
const STOPPABLE: AllowedStates = { vmStates: [ACTIVE, ERROR], taskStates: [null], launched: true };
const SOFT_REBOOTABLE: AllowedStates = { vmStates: [ACTIVE], taskStates: [null] };
/** A hard reboot may follow a reboot that hangs. */
const HARD_REBOOTABLE: AllowedStates = {
  vmStates: [ACTIVE, STOPPED, ERROR],
  taskStates: [
    null,
    TaskState.REBOOTING,
    TaskState.REBOOT_PENDING,
    TaskState.REBOOT_STARTED,
    TaskState.REBOOTING_HARD,
  ],
};

export type RebootType = 'SOFT' | 'HARD';

/** One change of power. */
interface PowerAction {
  /** As errors name it. */
  name: string;
  allowed: AllowedStates;
  /** The task state until the compute has done it. */
  taskState: string;
  cast(instance: Instance, options: OneCastOptions): Promise<void>;
}

/** Starts, stops and reboots servers. All throw InstanceNotFound, Conflict, ServiceUnavailable and Unavailable. */
export class ServerPower {
  readonly #dependencies: ComputeDependencies;

  constructor(dependencies: ComputeDependencies) {
    this.#dependencies = dependencies;
  }

  async start(ctxt: RequestContext, uuid: string): Promise<void> {
    await this.#run(ctxt, uuid, {
      name: 'start',
      allowed: STARTABLE,
      taskState: TaskState.POWERING_ON,
      cast: (instance, options) => this.#dependencies.compute.startInstance(ctxt, { instance }, options),
    });
  }

  async stop(ctxt: RequestContext, uuid: string): Promise<void> {
    await this.#run(ctxt, uuid, {
      name: 'stop',
      allowed: STOPPABLE,
      taskState: TaskState.POWERING_OFF,
      cast: (instance, options) =>
        this.#dependencies.compute.stopInstance(ctxt, { instance, clean_shutdown: true }, options),
    });
  }

  async reboot(ctxt: RequestContext, uuid: string, type: RebootType): Promise<void> {
    await this.#run(ctxt, uuid, {
      name: 'reboot',
      allowed: type === 'SOFT' ? SOFT_REBOOTABLE : HARD_REBOOTABLE,
      taskState: type === 'SOFT' ? TaskState.REBOOTING : TaskState.REBOOTING_HARD,
      cast: (instance, options) =>
        this.#dependencies.compute.rebootInstance(
          ctxt,
          { instance, block_device_info: null, reboot_type: type },
          options,
        ),
    });
  }

  async #run(
    ctxt: RequestContext,
    uuid: string,
    { name, allowed, taskState, cast }: PowerAction,
  ): Promise<void> {
    const { instances, settings } = this.#dependencies;
    const instance = await serverOfProject(instances, ctxt, uuid);
    assertAllowed(instance, name, allowed);
    await assertHostUp(instance, this.#dependencies);
    const before = instance.task_state;
    const expected = { expectedVmState: allowed.vmStates, expectedTaskState: allowed.taskStates };
    try {
      await instances.update(instance, { task_state: taskState }, expected);
    } catch (error) {
      throw saveConflict(error, uuid, name);
    }
    try {
      // One of which nobody says whether it has arrived is as good as accepted: the conductor's sweep repeats it.
      await boundedCast((options) => cast(instance, options), settings.castTimeout);
    } catch (error) {
      await undo(this.#dependencies, [uuid], () => this.#revert(instance, taskState, before));
      throw error;
    }
  }

  /** Nobody does what was asked: the instance is as it was. */
  async #revert(instance: Instance, taskState: string, before: string | null): Promise<void> {
    const { instances } = this.#dependencies;
    try {
      await instances.update(instance, { task_state: before }, { expectedTaskState: [taskState] });
    } catch (error) {
      // Then another request goes on with it.
      if (!(error instanceof InstanceUpdateConflict || error instanceof InstanceNotFound)) throw error;
    }
  }
}
