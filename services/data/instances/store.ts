import { randomUUID } from 'node:crypto';
import { databaseTimestamp, isUniqueViolation } from '@mini-nova/database';
import {
  InstanceExists,
  InstanceNotFound,
  InstanceUpdateConflict,
  UnexpectedDeletingTaskStateError,
  UnexpectedTaskStateError,
} from '@mini-nova/domain/exceptions';
import type { ExpectedStates } from '@mini-nova/domain/states/expected-states';
import {
  type ChangesOf,
  Instance,
  type InstanceFault,
  InstanceList,
  SecurityGroupList,
  TagList,
} from '@mini-nova/objects';
import type { Queryable } from '../database.ts';
import { faultCodec, insertInstanceFault, latestInstanceFaults } from '../instance-faults/queries.ts';
import { listMovingInstances } from '../instance-migrations/store.ts';
import { RowCodec, setByStore } from '../row-codec.ts';
import {
  findInstance,
  type InstanceFilters,
  insertInstance,
  listInstances,
  softDeleteInstance,
  updateInstance,
} from './queries.ts';
import { type InstanceSearch, searchInstances } from './search.ts';
import type { InstanceRow } from './table.ts';

/** Nested values: JSON text in the row. */
const json = [
  'metadata',
  'system_metadata',
  'info_cache',
  'security_groups',
  'flavor',
  'old_flavor',
  'new_flavor',
  'numa_topology',
  'pci_requests',
  'pci_devices',
  'device_metadata',
  'tags',
  'vcpu_model',
  'ec2_ids',
  'keypairs',
  'trusted_certs',
  'resources',
  'migration_context',
] as const satisfies (keyof InstanceRow)[];

/** Fields without a column: they are other records. */
const unstored = new Set(['services', 'fault']);

const columns = Object.keys(Instance.fields).filter((field) => !unstored.has(field)) as (keyof InstanceRow)[];

export const instanceCodec = new RowCodec<Instance, InstanceRow>({
  type: Instance,
  columns,
  json,
  empty: (instance) => {
    if (!instance.has('metadata')) instance.metadata = {};
    if (!instance.has('system_metadata')) instance.system_metadata = {};
    if (!instance.has('security_groups')) instance.security_groups = new SecurityGroupList();
    if (!instance.has('tags')) instance.tags = new TagList();
  },
});

export interface InstanceQuery extends Omit<InstanceSearch, 'after'> {
  marker?: string;
}

const stateFields = new Set(['vm_state', 'task_state']);

/** The instances of all projects, with their faults. Requests use `RequestInstances`. */
export class InstanceStore {
  readonly #db: Queryable;
  readonly #listeners: StateChangeListeners;

  constructor(db: Queryable, listeners = new StateChangeListeners()) {
    this.#db = db;
    this.#listeners = listeners;
  }

  /** This store as part of a transaction. Listeners are called at once, even for changes that are rolled back later. */
  within(trx: Queryable): InstanceStore {
    return new InstanceStore(trx, this.#listeners);
  }

  /** Stores a new instance; it gets its id and times, and a uuid if it has none. @throws InstanceExists */
  async create(instance: Instance): Promise<void> {
    if (!instance.has('uuid')) instance.uuid = randomUUID();
    const { id: _assigned, ...values } = instanceCodec.toRow(instance);
    const { uuid } = instance;
    try {
      const row = await insertInstance(this.#db, {
        ...values,
        uuid,
        created_at: databaseTimestamp(this.#db),
        updated_at: null,
      });
      instanceCodec.adopt(instance, row);
      this.#listeners.notify(row, row.created_at);
    } catch (error) {
      if (isUniqueViolation(error)) throw new InstanceExists({ name: uuid }, { cause: error });
      throw error;
    }
  }

  /** @throws InstanceNotFound */
  async getByUuid(uuid: string, options: { includeDeleted?: boolean } = {}): Promise<Instance> {
    return instanceCodec.toObject(await this.#getRow(uuid, options));
  }

  /** Newest first; without deleted ones, unless `deleted` says otherwise. */
  async list(filters: InstanceFilters = {}): Promise<InstanceList> {
    return listOf(await listInstances(this.#db, filters));
  }

  /** The instances among these that a migration under way moves. */
  async betweenHosts(uuids: readonly string[]): Promise<Set<string>> {
    return listMovingInstances(this.#db, uuids);
  }

  /**
   * Searches for users: the instances after the one with the uuid `marker`.
   *
   * @throws InstanceNotFound for an unknown marker, or one of another project; InvalidPattern for a pattern that takes too much work
   */
  async search({ marker, ...search }: InstanceQuery): Promise<InstanceList> {
    const after = marker === undefined ? {} : { after: await this.#getMarker(marker, search) };
    return listOf(await searchInstances(this.#db, { ...search, ...after }));
  }

  /**
   * Stores the changed fields by one UPDATE, which does nothing unless the stored instance is in one of the
   * expected states: of concurrent saves that expect the same state and bring different ones exactly one succeeds.
   * A save whose states are stored already succeeds again, so a caller that got no answer can repeat it. Afterwards
   * the fields of the instance are as stored.
   * @returns the fields that were saved, and those that others had changed meanwhile
   * @throws InstanceNotFound
   * @throws UnexpectedTaskStateError, UnexpectedDeletingTaskStateError, InstanceUpdateConflict for the vm_state alone
   */
  async save(instance: Instance, expected: ExpectedStates = {}): Promise<string[]> {
    return this.#store(instance, instance, expected);
  }

  /**
   * Stores these values, and no others, as `save` stores changed fields. The instance object gets them once they are stored: after
   * a failed update it is unchanged, and its next update writes nothing of this one.
   */
  async update(
    instance: Instance,
    changes: ChangesOf<Instance>,
    expected: ExpectedStates = {},
  ): Promise<string[]> {
    return this.#store(instance, instance.withChanges(changes), expected);
  }

  /** Stores the changed fields of `wanted`, and brings `instance` up to date. */
  async #store(instance: Instance, wanted: Instance, expected: ExpectedStates): Promise<string[]> {
    const changed = changedFields(wanted);
    const isGuarded = expected.vmState !== undefined || expected.taskState !== undefined;
    if (changed.length === 0 && !isGuarded) return [];
    const changes = { ...instanceCodec.toRow(wanted, changed), updated_at: databaseTimestamp(this.#db) };
    const row = await updateInstance(this.#db, instance.uuid, changes, expected);
    if (row === undefined) throw await this.#conflict(instance.uuid, expected);
    const refreshed = instanceCodec.refresh(instance, row, [...setByStore, ...changed]);
    if (changed.some((field) => stateFields.has(field))) this.#listeners.notify(row, changes.updated_at);
    return [...new Set([...changed, ...refreshed])].sort();
  }

  /**
   * Marks the instance as deleted; its record stays. Idempotent: false if it was already deleted.
   * @throws InstanceNotFound when it never existed
   */
  async destroy(instance: Instance): Promise<boolean> {
    const at = databaseTimestamp(this.#db);
    const deleted = await softDeleteInstance(this.#db, instance.uuid, at);
    const row = await this.#getRow(instance.uuid, { includeDeleted: true });
    instanceCodec.refresh(instance, row, setByStore);
    if (deleted) this.#listeners.notify(row, at);
    return deleted;
  }

  /** Stores a fault; it gets its id and time. */
  async addFault(fault: InstanceFault): Promise<void> {
    const { id: _assigned, ...values } = faultCodec.toRow(fault);
    const { instance_uuid, code } = fault;
    const row = await insertInstanceFault(this.#db, {
      ...values,
      instance_uuid,
      code,
      created_at: databaseTimestamp(this.#db),
    });
    fault.id = row.id;
    fault.created_at = new Date(row.created_at);
    fault.resetChanges();
  }

  /** The newest fault, if there is one. */
  async latestFault(uuid: string): Promise<InstanceFault | undefined> {
    return (await this.latestFaults([uuid])).get(uuid);
  }

  /** The newest fault of each of the instances that have one. */
  async latestFaults(uuids: readonly string[]): Promise<Map<string, InstanceFault>> {
    const rows = uuids.length > 0 ? await latestInstanceFaults(this.#db, uuids) : [];
    return new Map(rows.map((row) => [row.instance_uuid, faultCodec.toObject(row)]));
  }

  /**
   * Calls the listener whenever this store object creates or deletes an instance, or changes its vm_state or task_state. The
   * listener runs within the save, so it must be quick and must not throw.
   * @returns a function that removes the listener
   */
  onStateChange(listener: StateChangeListener): () => void {
    return this.#listeners.add(listener);
  }

  async #getMarker(uuid: string, { conditions = [] }: InstanceQuery): Promise<InstanceRow> {
    const row = await this.#getRow(uuid, { includeDeleted: true });
    const isThere = conditions.every(
      (condition) =>
        !('in' in condition) || condition.column !== 'project_id' || condition.in.includes(row.project_id),
    );
    if (!isThere) throw new InstanceNotFound({ instance_id: uuid });
    return row;
  }

  async #getRow(uuid: string, options: { includeDeleted?: boolean }): Promise<InstanceRow> {
    const row = await findInstance(this.#db, uuid, options);
    if (row === undefined) throw new InstanceNotFound({ instance_id: uuid });
    return row;
  }

  /** Why a guarded update found nothing to change. */
  async #conflict(uuid: string, expected: ExpectedStates): Promise<Error> {
    const row = await findInstance(this.#db, uuid);
    if (row === undefined) return new InstanceNotFound({ instance_id: uuid });
    const data = {
      instance_uuid: uuid,
      expected: {
        ...(expected.vmState ? { vm_state: [...expected.vmState] } : {}),
        ...(expected.taskState ? { task_state: [...expected.taskState] } : {}),
      },
      actual: { vm_state: row.vm_state, task_state: row.task_state },
    };
    const { taskState = [row.task_state] } = expected;
    if (taskState.includes(row.task_state)) return new InstanceUpdateConflict(data);
    return row.task_state === 'deleting'
      ? new UnexpectedDeletingTaskStateError(data)
      : new UnexpectedTaskStateError(data);
  }
}

function listOf(rows: readonly InstanceRow[]): InstanceList {
  return InstanceList.hydrate({ objects: rows.map((row) => instanceCodec.toObject(row)) });
}

function changedFields(instance: Instance): string[] {
  return instance.changes().filter((field) => instanceCodec.stores(field) && !setByStore.includes(field));
}

/** An instance came to be in a state. */
export interface StateChange {
  uuid: string;
  vm_state: string | null;
  task_state: string | null;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Runs within a save, so it must be quick and must not throw. */
export type StateChangeListener = (change: StateChange) => void;

/** The listeners for changes of instances' states. */
export class StateChangeListeners {
  readonly #listeners = new Set<StateChangeListener>();

  /** @returns a function that removes the listener */
  add(listener: StateChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** @param at ISO 8601 text */
  notify({ uuid, vm_state, task_state }: Omit<StateChange, 'at'>, at: string): void {
    for (const listener of this.#listeners) listener({ uuid, vm_state, task_state, at: Date.parse(at) });
  }
}
