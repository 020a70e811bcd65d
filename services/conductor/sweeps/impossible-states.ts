import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import { faultOf } from '@mini-nova/domain/instance-fault';
import { ruleFor } from '@mini-nova/domain/states/instance-states';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { Logger } from '@mini-nova/messaging';
import type { ChangesOf, Instance } from '@mini-nova/objects';
import { ifStillUnsettled, secondsBefore, settleEach, unsettled } from './unsettled.ts';

export interface ImpossibleStatesOptions {
  db: Database;
  instances: InstanceStore;
  /** Seconds. */
  timeout: number;
  /** By the database's clock. */
  now: Date;
  logger: Logger;
}

/** The record of an instance said what cannot be. */
export class ImpossibleState extends Error {
  readonly code = 'IMPOSSIBLE_STATE';

  constructor({ uuid, vm_state, task_state, host }: Instance, what: string) {
    const state = `vm_state ${vm_state ?? 'None'}, task_state ${task_state ?? 'None'}, host ${host ?? 'None'}`;
    super(`Instance ${uuid} ${what} (${state}).`);
    this.name = 'ImpossibleState';
  }
}

/** Moves instances whose record says what cannot be to a state that can, with a fault that says what was wrong. */
export async function correctImpossibleStates(options: ImpossibleStatesOptions): Promise<void> {
  const { instances, timeout, now, logger } = options;
  const since = secondsBefore(now, timeout);
  const ways = ['clear the task', 'note the launch', 'declare an error'] as const;
  await settleEach(await unsettled(instances, ways, since), async (seen) => {
    const corrected = await ifStillUnsettled(options, seen, since, async (store, instance) => {
      const changes = correctionOf(instance, now);
      if (!('launched_at' in changes))
        await store.addFault(faultOf(instance.uuid, wrong(instance), instance.host));
      await store.update(instance, changes);
    });
    if (corrected) logger.warn({ instance_uuid: seen.uuid }, wrong(seen).message);
  });
}

function correctionOf(instance: Instance, now: Date): ChangesOf<Instance> {
  switch (ruleFor(instance).way) {
    case 'declare an error':
      return { vm_state: VmState.ERROR, task_state: null };
    case 'note the launch':
      return { launched_at: instance.updated_at ?? instance.created_at ?? now };
    default:
      return { task_state: null };
  }
}

function wrong(instance: Instance): ImpossibleState {
  return new ImpossibleState(instance, ruleFor(instance).is);
}
