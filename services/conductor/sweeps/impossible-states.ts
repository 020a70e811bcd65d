import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import { endInError, faultOf } from '@mini-nova/domain/instance-fault';
import { ruleFor, type Way } from '@mini-nova/domain/states/instance-states';
import type { Logger } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { Deadlines } from './deadlines.ts';
import { ifStillUnsettled, settleEach, unsettled } from './unsettled.ts';

export interface ImpossibleStatesOptions {
  db: Database;
  instances: InstanceStore;
  deadlines: Deadlines;
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

/** How what cannot be, or is nobody's, comes to rest. */
export const corrections = ['clear the task', 'note the launch', 'declare an error'] as const satisfies Way[];

/** Moves instances whose record says what cannot be to a state that can, with a fault that says what was wrong. */
export async function correctImpossibleStates(options: ImpossibleStatesOptions): Promise<void> {
  const { instances, deadlines, logger } = options;
  await settleEach(await unsettled(instances, corrections, deadlines), async (seen) => {
    const corrected = await ifStillUnsettled(options, seen, async (store, instance) => {
      await correct(store, instance, deadlines.now);
    });
    if (corrected) logger.warn({ instance_uuid: seen.uuid }, wrong(seen).message);
  });
}

async function correct(store: InstanceStore, instance: Instance, now: Date): Promise<void> {
  const { uuid, host, updated_at, created_at } = instance;
  switch (ruleFor(instance).way) {
    case 'declare an error':
      return endInError(store, instance, wrong(instance), { host });
    case 'note the launch':
      await store.update(instance, { launched_at: updated_at ?? created_at ?? now });
      return;
    default:
      await store.addFault(faultOf(uuid, wrong(instance), host));
      await store.update(instance, { task_state: null });
  }
}

function wrong(instance: Instance): ImpossibleState {
  return new ImpossibleState(instance, ruleFor(instance).is);
}
