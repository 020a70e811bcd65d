import { AdminRequired, FlavorNotFound, InstanceNotFound } from '@mini-nova/domain/exceptions';
import type { ExpectedStates } from '@mini-nova/domain/states/expected-states';
import type {
  BuildRequest,
  ChangesOf,
  Flavor,
  FlavorList,
  Instance,
  InstanceFault,
  InstanceList,
  MigrationList,
  RequestSpec,
} from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import { AdminStores } from './admin-stores.ts';
import { BuildRequestStore } from './build-requests/store.ts';
import type { Database, Queryable } from './database.ts';
import { type FlavorQuery, FlavorStore } from './flavors/store.ts';
import { type MigrationFilters, MigrationStore } from './instance-migrations/store.ts';
import { deleteInstance } from './instances/deletion.ts';
import { type InstanceFilters, lockInstance } from './instances/queries.ts';
import type { InstanceQuery, InstanceStore } from './instances/store.ts';
import { type AddressedNetwork, findNetwork, listNetworks, withAddresses } from './networks/queries.ts';
import { findPort, findPortFor, listPortsOfDevice } from './ports/queries.ts';
import type { PortRow } from './ports/table.ts';
import { RequestSpecStore } from './request-specs/store.ts';
import { ServiceStore } from './services/store.ts';
import type { Stores } from './stores.ts';

export type { AdminStores } from './admin-stores.ts';
export type { FlavorQuery } from './flavors/store.ts';
export type { InstanceQuery } from './instances/store.ts';
export type { AddressedNetwork } from './networks/queries.ts';
export type { ServiceFilters } from './services/store.ts';
export { lastReport } from './services/store.ts';

/** Makes the stores of a request. Code that has only these cannot reach records without a request's context. */
export type StoresFor = (ctxt: RequestContext) => RequestStores;

export function storesFor(db: Database, { instances }: Pick<Stores, 'instances'>): StoresFor {
  return (ctxt) => new RequestStores(ctxt, { db, on: db.kysely, instances });
}

export interface RequestTransaction<T> {
  /** See `TransactionOptions`. */
  lostCommit?: 'repeat' | ((inside: RequestStores, result: T) => Promise<boolean>);
}

interface Source {
  db: Database;
  /** The database, or the transaction that these stores are part of. */
  on: Queryable;
  /** The same database's instances. Its listeners also hear of changes by requests. */
  instances: InstanceStore;
}

/** What one request can see and change. Of instances and their records, only those of its project. */
export class RequestStores {
  readonly ctxt: RequestContext;
  readonly #own: OwnRecords;
  readonly #source: Source;

  constructor(ctxt: RequestContext, source: Source) {
    this.ctxt = ctxt;
    this.#own = { on: source.on, ctxt, projectId: ctxt.project_id };
    this.#source = source;
  }

  get instances(): RequestInstances {
    return new RequestInstances(this.#own, this.#source.instances, this.#source.db);
  }

  get migrations(): RequestMigrations {
    return new RequestMigrations(this.#own, new MigrationStore(this.#source.on));
  }

  get requestSpecs(): NewRecords<RequestSpec> {
    const specs = new RequestSpecStore(this.#source.on);
    return { create: (spec) => specs.create(ofProject(spec, this.#own)) };
  }

  get buildRequests(): RequestBuildRequests {
    return new RequestBuildRequests(this.#own, new BuildRequestStore(this.#source.on));
  }

  get ports(): RequestPorts {
    return new RequestPorts(this.#own);
  }

  // These belong to no project.

  get networks(): RequestNetworks {
    return new RequestNetworks(this.#source.on);
  }

  get flavors(): RequestFlavors {
    return new RequestFlavors(this.ctxt, new FlavorStore(this.#source.on));
  }

  get services(): RequestServices {
    return new RequestServices(new ServiceStore(this.#source.on));
  }

  /** What only administrators see and change. @throws AdminRequired */
  get admin(): AdminStores {
    assertAdmin(this.ctxt);
    return new AdminStores(this.#source.on);
  }

  /** Runs `work` with stores that are part of a transaction. See `Database.transaction`. */
  transaction<T>(
    work: (inside: RequestStores) => Promise<T>,
    { lostCommit }: RequestTransaction<T> = {},
  ): Promise<T> {
    return this.#source.db.transaction((trx) => work(this.#within(trx)), {
      ...(lostCommit === 'repeat' && { lostCommit }),
      ...(typeof lostCommit === 'function' && {
        lostCommit: (on: Queryable, result: T) => lostCommit(this.#within(on), result),
      }),
    });
  }

  #within(trx: Queryable): RequestStores {
    const { db, instances } = this.#source;
    return new RequestStores(this.ctxt, { db, on: trx, instances: instances.within(trx) });
  }
}

/** @throws AdminRequired */
function assertAdmin({ is_admin }: RequestContext): void {
  if (!is_admin) throw new AdminRequired();
}

interface OwnRecords {
  on: Queryable;
  ctxt: RequestContext;
  /** The project whose records are seen; undefined: all projects. */
  projectId: string | null | undefined;
}

interface OfProject {
  project_id: string | null;
}

interface NewRecords<T> {
  create(record: T): Promise<void>;
}

function isOwn(record: OfProject, { projectId }: OwnRecords): boolean {
  return projectId === undefined || record.project_id === projectId;
}

/** @throws TypeError if the record is another project's, which means that it did not come from these stores */
function ofProject<T extends OfProject>(record: T, own: OwnRecords): T {
  if (!isOwn(record, own)) throw new TypeError('A request has the record of another project');
  return record;
}

/** The instances that a request can see: those of its project, without deleted ones unless its context reads them. */
export class RequestInstances {
  readonly #own: OwnRecords;
  readonly #store: InstanceStore;
  readonly #db: Database;

  constructor(own: OwnRecords, store: InstanceStore, db: Database) {
    this.#own = own;
    this.#store = store;
    this.#db = db;
  }

  /** The same for all projects. @throws AdminRequired */
  ofAllProjects(): RequestInstances {
    assertAdmin(this.#own.ctxt);
    return new RequestInstances({ ...this.#own, projectId: undefined }, this.#store, this.#db);
  }

  /** @throws InstanceNotFound, also for another project's */
  async get(uuid: string): Promise<Instance> {
    const { read_deleted } = this.#own.ctxt;
    const instance = await this.#store.getByUuid(uuid, { includeDeleted: read_deleted !== 'no' });
    const isHidden = read_deleted === 'only' && !instance.deleted;
    if (isHidden || !isOwn(instance, this.#own)) throw new InstanceNotFound({ instance_id: uuid });
    return instance;
  }

  async has(uuid: string): Promise<boolean> {
    try {
      await this.get(uuid);
      return true;
    } catch (error) {
      if (error instanceof InstanceNotFound) return false;
      throw error;
    }
  }

  /** As `InstanceStore.search`. @throws InstanceNotFound for an unknown marker; InvalidPattern */
  search({ conditions = [], ...query }: InstanceQuery): Promise<InstanceList> {
    const { projectId } = this.#own;
    const ofOwn = projectId === undefined ? [] : [{ column: 'project_id' as const, in: [projectId] }];
    return this.#store.search({ deleted: this.#deleted, ...query, conditions: [...conditions, ...ofOwn] });
  }

  /** Newest first. */
  list(filters: Omit<InstanceFilters, 'projectId'> = {}): Promise<InstanceList> {
    const { projectId } = this.#own;
    return this.#store.list({
      deleted: this.#deleted,
      ...filters,
      ...(projectId !== undefined && { projectId: projectId ?? '' }),
    });
  }

  create(instance: Instance): Promise<void> {
    return this.#store.create(ofProject(instance, this.#own));
  }

  /** As `InstanceStore.update`. */
  update(instance: Instance, changes: ChangesOf<Instance>, expected: ExpectedStates = {}): Promise<string[]> {
    return this.#store.update(ofProject(instance, this.#own), changes, expected);
  }

  /** Marks the instance as deleted, and deletes what belongs to it. See `deleteInstance`. */
  delete(instance: Instance): Promise<boolean> {
    return deleteInstance(this.#db, this.#store, ofProject(instance, this.#own));
  }

  /** In a transaction: keeps others from changing the instance and what belongs to it. Undefined: it is deleted or not visible. */
  async lock(uuid: string): Promise<Instance | undefined> {
    if (!(await lockInstance(this.#own.on, uuid))) return undefined;
    const instance = await this.#store.getByUuid(uuid);
    return isOwn(instance, this.#own) ? instance : undefined;
  }

  async addFault(instance: Instance, fault: InstanceFault): Promise<void> {
    if (ofProject(instance, this.#own).uuid !== fault.instance_uuid)
      throw new TypeError('A request has the fault of another instance');
    await this.#store.addFault(fault);
  }

  async latestFault(instance: Instance): Promise<InstanceFault | undefined> {
    return (await this.latestFaults([instance])).get(instance.uuid);
  }

  /** The newest fault of each instance that has one, by its uuid. */
  latestFaults(instances: readonly Instance[]): Promise<Map<string, InstanceFault>> {
    return this.#store.latestFaults(instances.map((instance) => ofProject(instance, this.#own).uuid));
  }

  get #deleted(): boolean | 'any' {
    const { read_deleted } = this.#own.ctxt;
    if (read_deleted === 'yes') return 'any';
    return read_deleted === 'only';
  }
}

/** The migrations of the project's instances. */
export class RequestMigrations {
  readonly #own: OwnRecords;
  readonly #store: MigrationStore;

  constructor(own: OwnRecords, store: MigrationStore) {
    this.#own = own;
    this.#store = store;
  }

  /** The same for all projects. @throws AdminRequired */
  ofAllProjects(): RequestMigrations {
    assertAdmin(this.#own.ctxt);
    return new RequestMigrations({ ...this.#own, projectId: undefined }, this.#store);
  }

  /** Newest first. */
  list(filters: Omit<MigrationFilters, 'projectId'> = {}): Promise<MigrationList> {
    const { projectId } = this.#own;
    return this.#store.list({ ...filters, ...(projectId !== undefined && { projectId: projectId ?? '' }) });
  }
}

/** The project's servers that were requested and are not being built yet. */
export class RequestBuildRequests {
  readonly #own: OwnRecords;
  readonly #store: BuildRequestStore;

  constructor(own: OwnRecords, store: BuildRequestStore) {
    this.#own = own;
    this.#store = store;
  }

  create(request: BuildRequest): Promise<void> {
    return this.#store.create(ofProject(request, this.#own));
  }

  /** True for exactly one of several who try: who deletes the request owns what becomes of its instance. */
  delete(instance: Instance): Promise<boolean> {
    return this.#store.delete(ofProject(instance, this.#own).uuid);
  }
}

/** Ports belong to their instance, and so to its project. Unbound ports are open to everyone. */
export class RequestPorts {
  readonly #own: OwnRecords;

  constructor(own: OwnRecords) {
    this.#own = own;
  }

  /** Undefined also for another project's port. */
  find(uuid: string): Promise<PortRow | undefined> {
    const { on, projectId } = this.#own;
    return projectId === undefined ? findPort(on, uuid) : findPortFor(on, uuid, projectId);
  }

  /** In the order in which they were requested. */
  of(instance: Instance): Promise<PortRow[]> {
    return listPortsOfDevice(this.#own.on, ofProject(instance, this.#own).uuid);
  }
}

export class RequestNetworks {
  readonly #on: Queryable;

  constructor(on: Queryable) {
    this.#on = on;
  }

  async find(uuid: string): Promise<AddressedNetwork | undefined> {
    const network = await findNetwork(this.#on, uuid);
    return network && withAddresses(network);
  }

  /** Oldest first. */
  async list(): Promise<AddressedNetwork[]> {
    return (await listNetworks(this.#on)).map(withAddresses);
  }
}

/** The flavors that a request can use: only public ones, unless it is an administrator's. */
export class RequestFlavors {
  readonly #ctxt: RequestContext;
  readonly #store: FlavorStore;

  constructor(ctxt: RequestContext, store: FlavorStore) {
    this.#ctxt = ctxt;
    this.#store = store;
  }

  /** By the id that users see. @throws FlavorNotFound */
  async getByFlavorid(flavorid: string): Promise<Flavor> {
    const flavor = await this.#store.getByFlavorid(flavorid);
    if (!this.#ctxt.is_admin && !flavor.is_public) throw new FlavorNotFound({ flavor_id: flavorid });
    return flavor;
  }

  /** In the order of creation, unless `sort` says otherwise. @throws FlavorNotFound for an unknown marker */
  async list(query: FlavorQuery = {}): Promise<FlavorList> {
    if (this.#ctxt.is_admin) return this.#store.list(query);
    if (query.marker !== undefined) await this.getByFlavorid(query.marker);
    return this.#store.list({ ...query, isPublic: true });
  }
}

/** What every request may know about services. */
export class RequestServices {
  readonly #store: ServiceStore;

  constructor(store: ServiceStore) {
    this.#store = store;
  }

  /** Whether the host's compute is up, so that it would serve a request. */
  isComputeUp(host: string | null, downTime: number): Promise<boolean> {
    return this.#store.isComputeUp(host, downTime);
  }

  /** The availability zones of the enabled computes. */
  async zones(defaultZone: string): Promise<Set<string>> {
    const computes = await this.#store.list({ binary: 'nova-compute', disabled: false });
    return new Set([...computes].map(({ availability_zone }) => availability_zone ?? defaultZone));
  }
}
