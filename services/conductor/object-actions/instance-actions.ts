import type { Database } from '@mini-nova/database';
import { Instance, InstanceFault } from '@mini-nova/objects';
import { deleteInstance } from '../../stores/instance-deletion.ts';
import type { InstanceStore } from '../../stores/instance-store.ts';
import { type ActionTable, on } from './action.ts';

export function instanceActions(db: Database, instances: InstanceStore): ActionTable {
  return {
    onClass: {
      'Instance.get_by_uuid': (args) => instances.getByUuid(args.text(0, 'uuid')),
      'InstanceList.get_by_host': (args) => instances.list({ host: args.text(0, 'host') }),
    },
    onObject: {
      'Instance.save': on(Instance, async (instance, args) => {
        const expectedVmState = args.states(0, 'expected_vm_state');
        const expectedTaskState = args.states(1, 'expected_task_state');
        await instances.save(instance, {
          ...(expectedVmState && { expectedVmState }),
          ...(expectedTaskState && { expectedTaskState }),
        });
      }),
      'Instance.destroy': on(Instance, async (instance) => {
        await deleteInstance(db, instances, instance);
      }),
      'InstanceFault.create': on(InstanceFault, (fault) => instances.addFault(fault)),
    },
  };
}
