import { randomUUID } from 'node:crypto';
import { ComputeManager } from '@mini-nova/compute/manager';
import { MemoryNodeIdentities, type NodeIdentities } from '@mini-nova/compute/resources/node-identities';
import { ComputeAPI, type computeRpc } from '@mini-nova/compute/rpcapi';
import { ConductorServiceRecords } from '@mini-nova/compute/service-records';
import { FakeDriver, type FakeDriverOptions } from '@mini-nova/compute/virt/fake/fake-driver';
import { ComputeTaskManager } from '@mini-nova/conductor/compute-task-manager';
import { ConductorManager } from '@mini-nova/conductor/manager';
import { ComputeTaskAPI, ConductorAPI, type computeTaskRpc } from '@mini-nova/conductor/rpcapi';
import { loadConfig } from '@mini-nova/config';
import { type NovaConfig, novaSchema } from '@mini-nova/daemons/nova-schema';
import { listUsages } from '@mini-nova/data/allocations/queries';
import { BuildRequestStore } from '@mini-nova/data/build-requests/store';
import { ComputeNodeStore } from '@mini-nova/data/compute-nodes/store';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { FlavorStore } from '@mini-nova/data/flavors/store';
import { MigrationStore } from '@mini-nova/data/instance-migrations/store';
import { InstanceStore } from '@mini-nova/data/instances/store';
import { migrate } from '@mini-nova/data/migrate';
import { ensureNetwork } from '@mini-nova/data/networks/queries';
import { ServiceStore } from '@mini-nova/data/services/store';
import type { OutageRetryOptions } from '@mini-nova/domain/outage-retry';
import { resourcesOf } from '@mini-nova/domain/resources';
import { TaskState } from '@mini-nova/domain/states/task-state';
import {
  type ArgsOf,
  type Driver,
  getTransport,
  type Logger,
  silentLogger,
  Transport,
} from '@mini-nova/messaging';
import { InstancePorts, NetworkManager } from '@mini-nova/network/manager';
import { NetworkAPI } from '@mini-nova/network/rpcapi';
import {
  BlockDeviceMappingList,
  BuildRequest,
  type Flavor,
  type Instance,
  type InstanceFault,
  type NetworkRequestList,
  type NovaObject,
  NovaObjectSerializer,
  RequestSpec,
  TagList,
} from '@mini-nova/objects';
import { claimResources } from '@mini-nova/placement/allocations';
import { PlacementManager } from '@mini-nova/placement/manager';
import { PlacementAPI } from '@mini-nova/placement/rpcapi';
import { SchedulerManager } from '@mini-nova/scheduler/manager';
import { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import { createRpc, RequestContext, type Rpc, Service, WorkQueue } from '@mini-nova/service';
import { expect, onTestFinished } from 'vitest';
import { newInstance } from './new-objects.ts';

export interface CloudOptions {
  /** The computes by host, with the options of their drivers. Default: host1 and host2. */
  hosts?: { [host: string]: Partial<FakeDriverOptions> };
  /** Options of the configuration, by `group.option`. */
  settings?: Record<string, string | number | boolean>;
  logger?: Logger;
  /** Default true. */
  conductor?: boolean;
  /** Default true. */
  scheduler?: boolean;
  /** Its URL. Default: an SQLite database in memory. */
  database?: string;
  /** The transport URL of the bus. Default: a memory bus of its own. */
  bus?: string;
  /** The range of the network. Default: room for 253 instances. */
  cidr?: string;
  /** How often requests are repeated when nobody answers. Default: 4 attempts, 2 at the scheduler. */
  retry?: OutageRetryOptions;
  /** Where the computes keep the uuids of their nodes. Default: in memory, for this cloud only. */
  identities?: NodeIdentities;
  /** Wraps the messaging driver of the computes. */
  computeDriver?: (driver: Driver) => Driver;
}

export interface BootOptions {
  flavor?: Flavor;
  count?: number;
  requestedNetworks?: NetworkRequestList;
}

type BuildArgs = ArgsOf<typeof computeRpc, 'buildAndRunInstance'>;
type BuildOrder = ArgsOf<typeof computeTaskRpc, 'scheduleAndBuildInstances'>;

interface Compute {
  service: Service;
  driver: FakeDriver;
  manager: ComputeManager;
}

/** A conductor, a scheduler and computes in one process. */
export class Cloud {
  readonly config: NovaConfig;
  readonly db: Database;
  readonly instances: InstanceStore;
  readonly services: ServiceStore;
  readonly computeNodes: ComputeNodeStore;
  readonly migrations: MigrationStore;
  readonly flavors: FlavorStore;
  readonly buildRequests: BuildRequestStore;
  readonly ports: InstancePorts;
  readonly compute: ComputeAPI;
  readonly computeTask: ComputeTaskAPI;
  readonly ctxt = new RequestContext({ user_id: 'u1', project_id: 'p1' });
  readonly computes = new Map<string, Compute>();
  readonly rpc: Rpc<NovaObject>;
  readonly bus: string;
  readonly #logger: Logger;
  readonly #retry: OutageRetryOptions;
  readonly #identities: NodeIdentities;
  readonly #computeDriver: (driver: Driver) => Driver;
  readonly #services: { stop(options: { quick: boolean }): Promise<void> }[] = [];
  #conductor: Service | undefined;

  private constructor(db: Database, config: NovaConfig, options: CloudOptions) {
    this.db = db;
    this.config = config;
    this.#logger = options.logger ?? silentLogger;
    this.bus = options.bus ?? `memory://cloud-${randomUUID()}/`;
    this.#retry = options.retry ?? { patience: 0 };
    this.#identities = options.identities ?? new MemoryNodeIdentities();
    this.#computeDriver = options.computeDriver ?? ((driver) => driver);
    this.instances = new InstanceStore(db.kysely);
    this.services = new ServiceStore(db.kysely);
    this.computeNodes = new ComputeNodeStore(db.kysely);
    this.migrations = new MigrationStore(db.kysely);
    this.flavors = new FlavorStore(db.kysely);
    this.buildRequests = new BuildRequestStore(db.kysely);
    this.ports = new InstancePorts(db, { defaultNetwork: 'private' });
    const { rpc, transport } = this.connect('api');
    this.rpc = rpc;
    this.compute = new ComputeAPI(rpc);
    this.computeTask = new ComputeTaskAPI(rpc);
    this.#services.push({ stop: () => transport.close() });
  }

  /** Starts a cloud. It is stopped when the test ends. */
  static async start(options: CloudOptions = {}): Promise<Cloud> {
    const { hosts = { host1: {}, host2: {} }, settings = {} } = options;
    const { conductor = true, scheduler = true } = options;
    const overrides = { 'DEFAULT.host': 'controller', 'DEFAULT.rpc_response_timeout': 5, ...settings };
    const config = loadConfig({ schema: novaSchema, env: {}, configFiles: [], overrides });
    const db = await openDatabase(options.database ?? 'sqlite://');
    await migrate(db);
    await ensureNetwork(db.kysely, { label: 'private', cidr: options.cidr ?? '10.0.0.0/24' });
    const cloud = new Cloud(db, config, options);
    onTestFinished(() => cloud.stop());
    if (conductor) cloud.#conductor = await cloud.startConductor();
    if (scheduler) await cloud.#startScheduler();
    for (const [host, fake] of Object.entries(hosts))
      await cloud.startCompute(host, new FakeDriver(host, fake));
    return cloud;
  }

  /** A separate transport, with its own RPC, on the cloud's bus. */
  connect(name: string, wrap: (driver: Driver) => Driver = (driver) => driver) {
    const options = {
      name,
      controlExchange: 'nova',
      logger: this.#logger,
      rpcResponseTimeout: this.config.DEFAULT.rpc_response_timeout,
    };
    const { driver } = getTransport({ ...options, url: this.bus });
    const transport = new Transport(wrap(driver), options);
    return { transport, rpc: createRpc(transport, { serializer: new NovaObjectSerializer() }) };
  }

  async startCompute(host: string, driver: FakeDriver): Promise<Compute> {
    const { transport, rpc } = this.connect(`compute@${host}`, this.#computeDriver);
    const conductor = new ConductorAPI(rpc, this.#retry);
    const manager = new ComputeManager({
      host,
      config: this.config,
      driver,
      identities: this.#identities,
      conductor,
      computeTask: new ComputeTaskAPI(rpc),
      network: new NetworkAPI(rpc, this.#retry),
      placement: new PlacementAPI(rpc, this.#retry),
      logger: this.#logger,
    });
    const records = new ConductorServiceRecords(conductor);
    const service = Service.create({ ...this.#common('compute', manager), transport, rpc, records });
    this.#services.unshift(service);
    await service.start();
    const compute = { service, driver, manager };
    this.computes.set(host, compute);
    return compute;
  }

  /** Stops the first conductor. Then another one on the bus answers, or none. */
  async stopConductor(): Promise<void> {
    await this.#conductor?.stop();
  }

  /** Runs the periodic tasks of the compute once, in order. */
  async runTasks(host: string): Promise<void> {
    const tasks = this.computes.get(host)?.manager.periodicTasks() ?? [];
    for (const task of tasks) await task.run(RequestContext.admin());
  }

  driver(host: string): FakeDriver {
    const compute = this.computes.get(host);
    if (!compute) throw new Error(`There is no compute ${host}`);
    return compute.driver;
  }

  /** The uuids of the guests on each host. */
  async guests(): Promise<{ [host: string]: string[] }> {
    const entries = [...this.computes].map(
      async ([host, { driver }]) => [host, await driver.listInstanceUuids()] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Records instances as the API does, without requesting their build. */
  async record({ flavor, count = 1 }: BootOptions = {}): Promise<Instance[]> {
    const chosen = flavor ?? (await this.flavors.getByName('m1.tiny'));
    const instances = Array.from({ length: count }, () => newInstance({ flavor: chosen }));
    for (const instance of instances) {
      await this.instances.create(instance);
      await this.buildRequests.create(this.#buildRequest(instance));
    }
    return instances;
  }

  async recordOne(): Promise<Instance> {
    const [instance] = await this.record();
    if (!instance) throw new Error('no instance was recorded');
    return instance;
  }

  /** Requests the build of recorded instances. */
  async build(instances: Instance[], options: BootOptions = {}): Promise<void> {
    await this.computeTask.scheduleAndBuildInstances(this.ctxt, this.orderOf(instances, options));
  }

  /** The API's request to build recorded instances. */
  orderOf(instances: Instance[], { requestedNetworks }: BootOptions = {}): BuildOrder {
    return {
      build_requests: instances.map((instance) => this.#buildRequest(instance)),
      request_specs: instances.map((instance) => this.#requestSpec(instance)),
      image: { id: 'image', name: 'cirros' },
      admin_password: 'secret',
      injected_files: [],
      requested_networks: requestedNetworks ?? null,
      block_device_mapping: new BlockDeviceMappingList(),
      tags: new TagList(),
    };
  }

  /** Claims a host for a recorded instance, and returns the request that the conductor would send there. */
  async claim(instance: Instance): Promise<{ host: string; args: BuildArgs }> {
    const request_spec = this.#requestSpec(instance);
    const request = { instance_uuids: [instance.uuid], spec_obj: request_spec };
    const [[selected] = []] = await new SchedulerAPI(this.rpc).selectDestinations(this.ctxt, request);
    if (!selected) throw new Error('no host was selected');
    const { service_host: host, nodename: node } = selected;
    const args = {
      instance,
      image: {},
      request_spec,
      filter_properties: { retry: { num_attempts: 1, hosts: [[host, node] as [string, string]] } },
      admin_password: null,
      injected_files: null,
      requested_networks: null,
      security_groups: null,
      block_device_mapping: null,
      node,
      limits: null,
      host_list: [],
      accel_uuids: null,
    };
    return { host, args };
  }

  /** Makes a second claim, as after an answer of the scheduler that was lost. */
  async claimOn(instance: Instance, host: string): Promise<void> {
    const [node] = await this.computeNodes.list({ host });
    const resources = resourcesOf(instance.flavor);
    const claim = { consumerUuid: instance.uuid, allocations: { [node?.uuid ?? '']: resources } };
    expect(await claimResources(this.db, claim)).toBe('claimed');
  }

  async boot(options: BootOptions = {}): Promise<string[]> {
    const instances = await this.record(options);
    await this.build(instances, options);
    return instances.map(({ uuid }) => uuid);
  }

  /** Boots one instance and waits until it is ACTIVE. */
  async bootActive(options: BootOptions = {}): Promise<Instance> {
    const [uuid = ''] = await this.boot(options);
    const instance = await this.settled(uuid);
    expect(instance).toMatchObject({ vm_state: 'active' });
    return instance;
  }

  /** The instance, once it has no task. */
  async settled(uuid: string): Promise<Instance> {
    await expect
      .poll(
        async () => {
          const { vm_state, task_state } = await this.instances.getByUuid(uuid, { includeDeleted: true });
          return vm_state !== 'building' && task_state === null;
        },
        { interval: 10 },
      )
      .toBe(true);
    return this.instances.getByUuid(uuid, { includeDeleted: true });
  }

  /** Waits until the instance is in this task state. */
  async reaches(uuid: string, taskState: string): Promise<void> {
    await expect
      .poll(async () => (await this.instances.getByUuid(uuid)).task_state, { interval: 5 })
      .toBe(taskState);
  }

  /** Sets a task state as the API does before it asks the compute. */
  async request(uuid: string, taskState: string): Promise<Instance> {
    const instance = await this.instances.getByUuid(uuid);
    instance.task_state = taskState;
    await this.instances.save(instance);
    return instance;
  }

  /** Deletes an instance that is on a host, as the API does. */
  async delete(uuid: string): Promise<void> {
    const instance = await this.request(uuid, TaskState.DELETING);
    await this.compute.terminateInstance(this.ctxt, { instance });
  }

  async fault(uuid: string): Promise<InstanceFault | undefined> {
    return this.instances.latestFault(uuid);
  }

  /** The sum of all allocations of a resource class. */
  async allocated(resourceClass = 'VCPU'): Promise<number> {
    const usages = await listUsages(this.db.kysely);
    return usages
      .filter(({ resource_class }) => resource_class === resourceClass)
      .reduce((sum, { used }) => sum + used, 0);
  }

  /** Sets back the times of the instance and its allocations, as if nothing had happened to them for so many seconds. */
  async age(uuid: string, seconds: number): Promise<void> {
    const at = new Date(Date.now() - seconds * 1000).toISOString();
    await this.db.kysely
      .updateTable('instances')
      .set({ created_at: at, updated_at: at })
      .where('uuid', '=', uuid)
      .execute();
    await this.db.kysely
      .updateTable('allocations')
      .set({ created_at: at })
      .where('consumer_uuid', '=', uuid)
      .execute();
  }

  /** Stops without waiting for builds that are still running. */
  async stop(): Promise<void> {
    for (const service of this.#services) await service.stop({ quick: true });
    await this.db.close();
  }

  async startConductor(): Promise<Service> {
    const { transport, rpc } = this.connect('conductor');
    const { db, instances, buildRequests } = this;
    const computeTask = new ComputeTaskManager({
      db,
      instances,
      buildRequests,
      scheduler: new SchedulerAPI(rpc),
      compute: new ComputeAPI(rpc),
      config: this.config,
      schedulerRetry: { attempts: 2, ...this.#retry },
      logger: this.#logger,
    });
    const queue = new WorkQueue({ name: 'database', width: () => this.config.database.max_pool_size });
    const manager = new ConductorManager({
      host: 'controller',
      stores: this,
      queue,
      computeTask,
      network: new NetworkManager(this.ports, queue),
      placement: new PlacementManager(db, queue),
    });
    return this.#serve(Service.create({ ...this.#common('conductor', manager), transport, rpc }));
  }

  async #startScheduler(): Promise<void> {
    const { transport, rpc } = this.connect('scheduler');
    const manager = new SchedulerManager({ db: this.db, config: this.config, logger: this.#logger });
    await this.#serve(Service.create({ ...this.#common('scheduler', manager), transport, rpc }));
  }

  async #serve(service: Service): Promise<Service> {
    this.#services.unshift(service);
    await service.start();
    return service;
  }

  #common<M>(topic: string, manager: M) {
    return {
      binary: `nova-${topic}`,
      topic,
      manager,
      periodicEnable: false,
      // Long, so that a busy machine does not cut what a test wants to end in order.
      gracefulShutdownTimeout: 60,
      logger: this.#logger,
    };
  }

  #requestSpec({ uuid, flavor }: Instance): RequestSpec {
    const components = { instanceUuid: uuid, projectId: 'p1', userId: 'u1', flavor, image: null };
    return RequestSpec.fromComponents(components);
  }

  #buildRequest(instance: Instance): BuildRequest {
    return new BuildRequest({
      instance_uuid: instance.uuid,
      project_id: 'p1',
      instance,
      block_device_mappings: new BlockDeviceMappingList(),
      tags: new TagList(),
    });
  }
}
