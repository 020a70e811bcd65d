import {
  computeTaskRpc,
  conductorRpc,
  contentsOf,
  type ObjectValue,
  updatesSince,
} from '@mini-nova/conductor/rpcapi';
import { ObjectActionError } from '@mini-nova/domain/exceptions';
import {
  type ArgsOf,
  type EndpointOf,
  endpoint,
  type ResultOf,
  type RpcEndpoint,
  type RpcRequest,
} from '@mini-nova/messaging';
import { networkRpc } from '@mini-nova/network/rpcapi';
import {
  backport,
  IncompatibleObjectVersion,
  isNewer,
  NovaObject,
  type ObjectVersions,
  objectClass,
  objectVersions,
} from '@mini-nova/objects';
import { placementRpc } from '@mini-nova/placement/rpcapi';
import { Manager, type PeriodicTask, type RequestContext, WorkQueue } from '@mini-nova/service';
import { ActionArguments, type ActionTable } from './object-actions/action.ts';
import { type ObjectStores, objectActions } from './object-actions/index.ts';

export interface ConductorManagerOptions {
  host: string;
  stores: ObjectStores;
  /** What else is served on the conductor's topic. */
  computeTask: EndpointOf<typeof computeTaskRpc, RequestContext>;
  network: EndpointOf<typeof networkRpc, RequestContext>;
  placement: EndpointOf<typeof placementRpc, RequestContext>;
  /** In which requests wait for the database. Default: they do not. */
  queue?: WorkQueue;
  /** See `conductorSweeps`. Asked again when options have changed. */
  periodicTasks?: () => readonly PeriodicTask[];
}

type Args<M extends keyof typeof conductorRpc.methods> = ArgsOf<typeof conductorRpc, M>;

/** Reads and saves objects for services without a database, and settles what is stuck. */
export class ConductorManager extends Manager implements EndpointOf<typeof conductorRpc, RequestContext> {
  override readonly endpoints: readonly RpcEndpoint[];
  readonly #actions: ActionTable;
  readonly #periodicTasks: () => readonly PeriodicTask[];
  readonly #queue: WorkQueue;

  constructor(options: ConductorManagerOptions) {
    const { host, stores, computeTask, network, placement, periodicTasks = () => [] } = options;
    const { queue = new WorkQueue({ name: 'database', width: () => Number.POSITIVE_INFINITY }) } = options;
    super({ host, serviceName: 'conductor' });
    this.#queue = queue;
    this.#actions = objectActions(stores);
    this.#periodicTasks = periodicTasks;
    this.endpoints = [
      endpoint(conductorRpc, this),
      endpoint(computeTaskRpc, computeTask),
      endpoint(networkRpc, network),
      endpoint(placementRpc, placement),
    ];
  }

  override periodicTasks(): readonly PeriodicTask[] {
    return this.#periodicTasks();
  }

  /**
   * The result, and the objects in it, have the versions that the caller asks for.
   *
   * @throws UnsupportedObject, IncompatibleObjectVersion when we do not have the class or not in this version
   * @throws ObjectActionError when there is no such method; otherwise what the method throws
   */
  async objectClassActionVersions(
    ctxt: RequestContext,
    { objname, objmethod, object_versions, args, kwargs }: Args<'objectClassActionVersions'>,
    caller?: RpcRequest,
  ): Promise<ObjectValue> {
    assertServed(objname, object_versions);
    const name = `${objname}.${objmethod}`;
    const action = find(this.#actions.onClass, name);
    const run = () => action(new ActionArguments(name, args, kwargs), ctxt);
    const result = (await this.#queue.run(run, caller)) as ObjectValue;
    return result instanceof NovaObject && knowsOthers(object_versions)
      ? backport(result.toPrimitive(), object_versions)
      : result;
  }

  /** @throws ObjectActionError when there is no such method; otherwise what the method throws */
  async objectAction(
    _ctxt: RequestContext,
    { objinst, objmethod, args, kwargs }: Args<'objectAction'>,
    caller?: RpcRequest,
  ): Promise<ResultOf<typeof conductorRpc, 'objectAction'>> {
    const name = `${objinst.definition.name}.${objmethod}`;
    const action = find(this.#actions.onObject, name);
    const before = contentsOf(objinst);
    const run = () => action(objinst, new ActionArguments(name, args, kwargs));
    const result = await this.#queue.run(run, caller);
    return [updatesSince(before, objinst), (result ?? null) as ObjectValue];
  }
}

/** As in Nova, a caller that asks for a newer version than ours is refused. @throws IncompatibleObjectVersion */
function assertServed(objname: string, versions: ObjectVersions): void {
  const { objVersion } = objectClass(objname);
  const asked = versions[objname];
  if (asked !== undefined && isNewer(objname, asked, objVersion)) {
    throw new IncompatibleObjectVersion(objname, asked, objVersion);
  }
}

/** Whether the caller knows any of our classes in another version. */
function knowsOthers(versions: ObjectVersions): boolean {
  return Object.entries(objectVersions()).some(([objname, ours]) => (versions[objname] ?? ours) !== ours);
}

function find<A>(actions: { readonly [name: string]: A }, name: string): A {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new ObjectActionError({ action: name, reason: 'the conductor does not have it' });
  return action;
}
