import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ComputeHostNotFound } from '@mini-nova/domain/exceptions';
import { isOutage, type OutageRetryOptions, retryOnOutage } from '@mini-nova/domain/outage-retry';
import { type VersionCapOption, versionCapOf } from '@mini-nova/domain/release-versions';
import type { ExpectedStates } from '@mini-nova/domain/states/expected-states';
import type { JsonValue } from '@mini-nova/messaging';
import {
  type ClientFactory,
  clientOf,
  type Logger,
  MessageDeliveryFailure,
  type ResultOf,
  type RpcContext,
} from '@mini-nova/messaging';
import {
  type ChangesOf,
  ComputeNode,
  type Field,
  Instance,
  type InstanceFault,
  InstanceList,
  type Migration,
  MigrationList,
  NovaObject,
  objectVersions,
  Service,
} from '@mini-nova/objects';
import { BaseAPI } from '@mini-nova/service';
import { conductorRpc, type ObjectValue } from './conductor-rpc.ts';

const ConductorClient = clientOf(conductorRpc);

/**
 * How services without a database read and save their objects. Idempotent requests are repeated when nobody answers. A
 * save is one: it succeeds when its states are saved already.
 */
export class ConductorAPI {
  readonly #client: InstanceType<typeof ConductorClient>;
  readonly #base: BaseAPI;
  readonly #retry: OutageRetryOptions;

  /** `versionCap`: of the oldest conductor that must understand the messages. */
  constructor(
    rpc: ClientFactory<NovaObject>,
    { versionCap, ...retry }: OutageRetryOptions & VersionCapOption = {},
  ) {
    this.#client = new ConductorClient(rpc, versionCapOf('conductor', { versionCap }));
    this.#base = new BaseAPI(rpc, { topic: 'conductor' });
    this.#retry = retry;
  }

  /**
   * Resolves once a conductor answers, however long that takes, as a daemon waits for its broker: a compute may be started
   * before its conductors.
   */
  async waitUntilReady(ctxt: RpcContext, logger: Logger): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#base.ping(ctxt, { arg: 'ready?' }, { timeout: 2, failUndeliverable: false });
        return;
      } catch (error) {
        if (!isOutage(error)) throw error;
        if (attempt % 10 === 1) logger.warn({ reason: String(error) }, 'Waiting for a conductor');
        if (error instanceof MessageDeliveryFailure) await delay(1000, undefined, { ref: false });
      }
    }
  }

  /** @throws InstanceNotFound for a deleted one too */
  async instanceGetByUuid(ctxt: RpcContext, uuid: string): Promise<Instance> {
    return (await this.#read(ctxt, Instance, 'get_by_uuid', [uuid])) as Instance;
  }

  /** The living instances that are recorded on the host. */
  async instancesByHost(ctxt: RpcContext, host: string): Promise<Instance[]> {
    return ((await this.#read(ctxt, InstanceList, 'get_by_host', [host])) as InstanceList).objects;
  }

  /** The records of these instances that the context sees; instances without one are left out. */
  async instanceRecords(ctxt: RpcContext, uuids: readonly string[]): Promise<Instance[]> {
    if (uuids.length === 0) return [];
    const list = await this.#read(ctxt, InstanceList, 'get_by_filters', [{ uuid: [...uuids] }]);
    return (list as InstanceList).objects;
  }

  /**
   * Saves these values, if the instance is in one of the expected states. The object gets them once they are saved:
   * after a failed save it is as it was, and its next save writes none of them.
   *
   * @throws InstanceNotFound, InstanceUpdateConflict
   */
  async instanceSave(
    ctxt: RpcContext,
    instance: Instance,
    changes: ChangesOf<Instance>,
    expected: ExpectedStates = {},
    retry: OutageRetryOptions = {},
  ): Promise<void> {
    const states = {
      expected_vm_state: expected.vmState ? [...expected.vmState] : null,
      expected_task_state: expected.taskState ? [...expected.taskState] : null,
    };
    const save = () => this.#save(ctxt, instance, changes, states);
    await retryOnOutage(save, { ...this.#retry, ...retry });
  }

  /** Marks the instance deleted. @throws InstanceNotFound when it was */
  async instanceDestroy(ctxt: RpcContext, instance: Instance): Promise<void> {
    await retryOnOutage(() => this.objectAction(ctxt, instance, 'destroy'), this.#retry);
  }

  /** A fault that is recorded twice because an answer was lost does no harm: the latest is shown. */
  async faultCreate(ctxt: RpcContext, fault: InstanceFault): Promise<void> {
    await retryOnOutage(() => this.objectAction(ctxt, fault, 'create'), this.#retry);
  }

  /** Undefined: the host has no such service. */
  async serviceGet(ctxt: RpcContext, host: string, binary: string): Promise<Service | undefined> {
    const service = await this.#read(ctxt, Service, 'get_by_host_and_binary', [host, binary]);
    return (service ?? undefined) as Service | undefined;
  }

  /** @throws ServiceBinaryExists also when this very service was recorded and the answer was lost */
  async serviceCreate(ctxt: RpcContext, service: Service): Promise<void> {
    await retryOnOutage(() => this.objectAction(ctxt, service, 'create'), this.#retry);
  }

  /** A heartbeat is not repeated: the next one does as well. @throws MessagingTimeout */
  async serviceHeartbeat(ctxt: RpcContext, service: Service, changes: ChangesOf<Service>): Promise<void> {
    await this.#save(ctxt, service, changes);
  }

  async serviceSave(ctxt: RpcContext, service: Service, changes: ChangesOf<Service>): Promise<void> {
    await retryOnOutage(() => this.#save(ctxt, service, changes), this.#retry);
  }

  /** Undefined: the node was never recorded. */
  async computeNodeGet(ctxt: RpcContext, host: string, nodename: string): Promise<ComputeNode | undefined> {
    try {
      return (await this.#read(ctxt, ComputeNode, 'get_by_host_and_nodename', [
        host,
        nodename,
      ])) as ComputeNode;
    } catch (error) {
      if (error instanceof ComputeHostNotFound) return undefined;
      throw error;
    }
  }

  /** The node's record, if the context sees one. */
  async computeNodeRecord(ctxt: RpcContext, uuid: string): Promise<ComputeNode | undefined> {
    try {
      return (await this.#read(ctxt, ComputeNode, 'get_by_uuid', [uuid])) as ComputeNode;
    } catch (error) {
      if (error instanceof ComputeHostNotFound) return undefined;
      throw error;
    }
  }

  /** @throws DuplicateEntry also when this very node was recorded and the answer was lost */
  async computeNodeCreate(ctxt: RpcContext, node: ComputeNode): Promise<void> {
    await retryOnOutage(() => this.objectAction(ctxt, node, 'create'), this.#retry);
  }

  async computeNodeSave(ctxt: RpcContext, node: ComputeNode, changes: ChangesOf<ComputeNode>): Promise<void> {
    await retryOnOutage(() => this.#save(ctxt, node, changes), this.#retry);
  }

  /** The moves from and to the node that are under way. */
  async migrationsOfNode(ctxt: RpcContext, host: string, nodename: string): Promise<Migration[]> {
    const args = [host, nodename];
    const list = await this.#read(ctxt, MigrationList, 'get_in_progress_by_host_and_node', args);
    return (list as MigrationList).objects;
  }

  /** All moves of these instances, newest first. */
  async migrationsOfInstances(ctxt: RpcContext, uuids: readonly string[]): Promise<Migration[]> {
    if (uuids.length === 0) return [];
    const list = await this.#read(ctxt, MigrationList, 'get_by_filters', [{ instance_uuid: [...uuids] }]);
    return (list as MigrationList).objects;
  }

  /**
   * @throws InstanceNotFound for a deleted one, DuplicateEntry also when this very migration was recorded and the
   *   answer was lost
   */
  async migrationCreate(ctxt: RpcContext, migration: Migration): Promise<void> {
    // Otherwise the conductor would give each attempt another uuid, and record the migration twice.
    if (!migration.has('uuid')) migration.uuid = randomUUID();
    await retryOnOutage(() => this.objectAction(ctxt, migration, 'create'), this.#retry);
  }

  /** @throws MigrationNotFound */
  async migrationSave(ctxt: RpcContext, migration: Migration, changes: ChangesOf<Migration>): Promise<void> {
    await retryOnOutage(() => this.#save(ctxt, migration, changes), this.#retry);
  }

  /** Runs a method of the object at the conductor, and takes over what it changed. It is not repeated. */
  async objectAction(
    ctxt: RpcContext,
    objinst: NovaObject,
    objmethod: string,
    kwargs: { [name: string]: ObjectValue } = {},
  ): Promise<unknown> {
    const [updates, result] = await this.#runAction(ctxt, objinst, objmethod, kwargs);
    applyUpdates(objinst, updates);
    return result;
  }

  /** Runs a method of the object's class at the conductor. It is not repeated. */
  async objectClassAction(
    ctxt: RpcContext,
    type: ObjectType,
    objmethod: string,
    args: ObjectValue[],
  ): Promise<unknown> {
    return this.#client.objectClassActionVersions(ctxt, {
      objname: type.objName,
      objmethod,
      object_versions: objectVersions(),
      args,
      kwargs: {},
    });
  }

  /** Sends a copy: until the answer says that it is saved, the object is as it was. */
  async #save<V extends object>(
    ctxt: RpcContext,
    object: NovaObject<V>,
    changes: Partial<V>,
    kwargs: { [name: string]: ObjectValue } = {},
  ): Promise<void> {
    const wanted = object.withChanges(changes);
    const [updates] = await this.#runAction(ctxt, wanted, 'save', kwargs);
    for (const field of wanted.changes()) object.set(field, wanted.get(field));
    applyUpdates(object, updates);
  }

  #runAction(
    ctxt: RpcContext,
    objinst: NovaObject,
    objmethod: string,
    kwargs: { [name: string]: ObjectValue },
  ): Promise<ResultOf<typeof conductorRpc, 'objectAction'>> {
    return this.#client.objectAction(ctxt, { objinst, objmethod, args: [], kwargs });
  }

  #read(ctxt: RpcContext, type: ObjectType, objmethod: string, args: ObjectValue[]): Promise<unknown> {
    return retryOnOutage(() => this.objectClassAction(ctxt, type, objmethod, args), this.#retry);
  }
}

/** What a call needs of a class of versioned objects. */
interface ObjectType {
  readonly objName: string;
}

/** What an object method changed, as it travels back: field values in primitive form and what is still unsaved. */
export type ObjectUpdates = { [field: string]: JsonValue };

const stillChanged = 'obj_what_changed';

/** An object's values, to compare with later. */
export type Contents = ReadonlyMap<string, unknown>;

/** Of the fields that are set. */
export function contentsOf(object: NovaObject): Contents {
  const contents = new Map<string, unknown>();
  for (const field of Object.keys(object.definition.fields)) {
    if (object.has(field)) contents.set(field, object.get(field));
  }
  return contents;
}

/**
 * The fields that have another value than before the call. A change that the method made inside a value, in place, does
 * not travel.
 */
export function updatesSince(before: Contents, object: NovaObject): ObjectUpdates {
  const updates: ObjectUpdates = {};
  for (const [field, value] of contentsOf(object)) {
    const type = object.definition.fields[field];
    if (type && !isSame(type, before.get(field), value)) updates[field] = object.fieldToPrimitive(field);
  }
  updates[stillChanged] = object.changes();
  return updates;
}

/** Brings the caller's object to the state that the remote method left its copy in. */
export function applyUpdates(object: NovaObject, updates: { [field: string]: unknown }): void {
  for (const [field, value] of Object.entries(updates)) {
    if (!Object.hasOwn(object.definition.fields, field)) continue;
    // The serializer has already rebuilt objects, also those in lists and dictionaries.
    if (holdsObjects(value)) object.set(field, value);
    else object.setFieldFromPrimitive(field, value as JsonValue);
  }
  object.resetChanges();
  const changed = updates[stillChanged];
  if (!Array.isArray(changed)) return;
  object.markChanged(...changed.map(String));
}

function holdsObjects(value: unknown): boolean {
  if (value instanceof NovaObject) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsObjects);
}

/** Most values are identical, which is cheap to see. */
function isSame(type: Field<unknown>, one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return isObject(one) && isObject(other) && contentOf(type, one) === contentOf(type, other);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Without the list of changes, since the save of a nested object is not a change that travels. */
function contentOf(type: Field<unknown>, value: object): string {
  return JSON.stringify(type.toPrimitive(value), (key, item: unknown) =>
    key === 'nova_object.changes' ? undefined : item,
  );
}
