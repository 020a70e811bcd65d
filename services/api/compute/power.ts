import type { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import { TaskState } from '../../compute/task-states.ts';
import { VmState } from '../../compute/vm-states.ts';
import { InstanceNotFound, InstanceUpdateConflict } from '../../exceptions.ts';
import { boundedCast } from './bounded-cast.ts';
import type { ComputeDependencies } from './dependencies.ts';
import { serverOfProject } from './server-of-project.ts';
import { assertHostUp } from './service-check.ts';
import { type AllowedStates, assertAllowed, saveConflict } from './state-check.ts';

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
  cast(instance: Instance): Promise<void>;
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
      cast: (instance) => this.#dependencies.compute.startInstance(ctxt, { instance }),
    });
  }

  async stop(ctxt: RequestContext, uuid: string): Promise<void> {
    await this.#run(ctxt, uuid, {
      name: 'stop',
      allowed: STOPPABLE,
      taskState: TaskState.POWERING_OFF,
      cast: (instance) => this.#dependencies.compute.stopInstance(ctxt, { instance, clean_shutdown: true }),
    });
  }

  async reboot(ctxt: RequestContext, uuid: string, type: RebootType): Promise<void> {
    await this.#run(ctxt, uuid, {
      name: 'reboot',
      allowed: type === 'SOFT' ? SOFT_REBOOTABLE : HARD_REBOOTABLE,
      taskState: type === 'SOFT' ? TaskState.REBOOTING : TaskState.REBOOTING_HARD,
      cast: (instance) => this.#dependencies.compute.rebootInstance(ctxt, { instance, reboot_type: type }),
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
      await boundedCast(() => cast(instance), settings.castTimeout);
    } catch (error) {
      await this.#revert(instance, taskState, before);
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
