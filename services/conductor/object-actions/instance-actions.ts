import type { Database } from '@mini-nova/data/database';
import { deleteInstance } from '@mini-nova/data/instances/deletion';
import type { InstanceFilters } from '@mini-nova/data/instances/queries';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { Instance, InstanceFault, InstanceList } from '@mini-nova/objects';
import type { ReadDeleted, RequestContext } from '@mini-nova/service';
import { type ActionArguments, type ActionTable, on } from './action.ts';

export function instanceActions(db: Database, instances: InstanceStore): ActionTable {
  return {
    onClass: {
      'Instance.get_by_uuid': (args, ctxt) => getByUuid(instances, args.text(0, 'uuid'), ctxt),
      'InstanceList.get_by_filters': (args, ctxt) => listBy(instances, filtersOf(args, ctxt), ctxt),
      'InstanceList.get_by_host': (args, ctxt) => listByHost(instances, args.text(0, 'host'), ctxt),
    },
    onObject: {
      'Instance.save': on(Instance, async (instance, args) => {
        const vmState = args.states(0, 'expected_vm_state');
        const taskState = args.states(1, 'expected_task_state');
        await instances.save(instance, {
          ...(vmState && { vmState }),
          ...(taskState && { taskState }),
        });
      }),
      'Instance.destroy': on(Instance, async (instance) => {
        await deleteInstance(db, instances, instance);
      }),
      'InstanceFault.create': on(InstanceFault, (fault) => instances.addFault(fault)),
    },
  };
}

async function getByUuid(instances: InstanceStore, uuid: string, ctxt: RequestContext): Promise<Instance> {
  const instance = await instances.getByUuid(uuid, { includeDeleted: ctxt.read_deleted !== 'no' });
  if (!isVisible(instance, ctxt)) throw new InstanceNotFound({ instance_id: uuid });
  return instance;
}

async function listByHost(
  instances: InstanceStore,
  host: string,
  ctxt: RequestContext,
): Promise<InstanceList> {
  const deleted = ctxt.read_deleted === 'no' ? false : 'any';
  return listBy(instances, { host, deleted }, ctxt);
}

async function listBy(
  instances: InstanceStore,
  filters: InstanceFilters,
  ctxt: RequestContext,
): Promise<InstanceList> {
  const { objects } = await instances.list(filters);
  return InstanceList.hydrate({ objects: objects.filter((instance) => isVisible(instance, ctxt)) });
}

/**
 * As in Nova's queries: a user sees the project's instances, an administrator all; the context says whether deleted
 * ones are seen.
 */
function isVisible(
  instance: Instance,
  { is_admin, user_id, project_id, read_deleted }: RequestContext,
): boolean {
  const isUser = !is_admin && user_id !== null && project_id !== null;
  if (isUser && instance.project_id !== project_id) return false;
  return read_deleted !== 'only' || instance.deleted;
}

const deletedFor = { no: false, yes: 'any', only: true } as const satisfies Record<ReadDeleted, unknown>;

/** Those of Nova's filters that computes use. */
function filtersOf(args: ActionArguments, ctxt: RequestContext): InstanceFilters {
  const { uuid, host, deleted } = args.filters(0, 'filters', ['uuid', 'host', 'deleted', 'soft_deleted']);
  const uuids = uuid === undefined ? undefined : [uuid].flat().map(String);
  return {
    ...(uuids && { uuids }),
    ...(typeof host === 'string' && { host }),
    deleted: typeof deleted === 'boolean' ? deleted : deletedFor[ctxt.read_deleted],
  };
}
