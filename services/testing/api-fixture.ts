import { randomUUID } from 'node:crypto';
import { buildApp } from '@mini-nova/api/app';
import type { ApiParts } from '@mini-nova/api/dependencies';
import type { HttpLimits } from '@mini-nova/api/http-limits';
import { imageOptions } from '@mini-nova/api/images/options';
import { ImageRegistry } from '@mini-nova/api/images/registry';
import type { ProxySettings } from '@mini-nova/api/request-state';
import { ComputeAPI } from '@mini-nova/compute/rpcapi';
import { ComputeTaskAPI } from '@mini-nova/conductor/rpcapi';
import { loadConfig } from '@mini-nova/config';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { ensureNetwork } from '@mini-nova/data/networks/queries';
import { storesFor } from '@mini-nova/data/request-stores';
import { type Stores, unboundStores } from '@mini-nova/data/stores';
import {
  getRpcServer,
  getTransport,
  type Logger,
  silentLogger,
  Target,
  type Transport,
} from '@mini-nova/messaging';
import { Instance, type NovaObject, NovaObjectSerializer, Service } from '@mini-nova/objects';
import { createRpc, RequestContext, RequestContextSerializer, type Rpc } from '@mini-nova/service';
import type { FastifyInstance } from 'fastify';
import Schema from 'typebox/schema';
import { onTestFinished } from 'vitest';

export const CIRROS = '70a599e0-31e7-49b7-b260-868f441e862b';

/** The smallest valid request for a server. */
export const BOOT = { name: 'vm', imageRef: CIRROS, flavorRef: '1' } as const;

export interface ReceivedRpc {
  method: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into the arguments of whichever method it is
  args: any;
}

export interface ApiFixture {
  app: FastifyInstance;
  db: Database;
  dependencies: ApiParts;
  /** The records of all projects. */
  stores: Stores;
  /** The id of the network `private`, 10.0.0.0/24. */
  networkId: string;
  rpc: Rpc<NovaObject>;
  transport: Transport;
  /** What the listening peers received, in order. */
  received: ReceivedRpc[];
  /** Starts a peer that serves these methods on a topic. Each answers with the result of its function. */
  listen(target: Target, methods: Record<string, (args: object) => unknown>): Promise<void>;
  get(url: string): Promise<{ status: number; body: Body; headers: Record<string, unknown> }>;
  send(
    method: 'POST' | 'PUT' | 'DELETE',
    url: string,
    body?: unknown,
  ): Promise<{ status: number; body: Body; headers: Record<string, unknown> }>;
  /** Records an instance in the given state, as the conductor and a compute would leave it. */
  instance(values?: Partial<Instance>): Promise<Instance>;
  /** Records a compute with a fresh heartbeat, or with an old one. */
  compute(host: string, options?: { up?: boolean; zone?: string }): Promise<Service>;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON that tests look into
type Body = any;

export interface ApiFixtureOptions {
  /** The URL of an empty database. */
  database?: string;
  maxLimit?: number;
  castTimeout?: number;
  limits?: Partial<HttpLimits>;
  proxy?: ProxySettings;
  logger?: Logger;
  /** Whether requests are an administrator's. Default true, as without authentication. */
  isAdmin?: boolean;
}

/** The limits on clients in tests that are about something else. */
export const LIMITS: HttpLimits = {
  maxBodySize: 114_688,
  maxHeaderSize: 16_384,
  headerTimeout: 15,
  socketTimeout: 900,
};

/** Users learn nothing from an answer 500: this shows the reason to whoever runs the test. */
const failuresShown: Logger = {
  ...silentLogger,
  error: (data, message) => console.error(message, data),
};

/** The API on an SQLite database in memory, or the given one, and on a memory bus of its own without other services. */
export async function apiFixture({
  database = 'sqlite://',
  maxLimit = 1000,
  castTimeout = 5,
  limits = {},
  proxy = { isTrusted: false },
  logger = failuresShown,
  isAdmin = true,
}: ApiFixtureOptions = {}): Promise<ApiFixture> {
  const db = await openDatabase(database);
  await migrate(db);
  const network = await ensureNetwork(db.kysely, { label: 'private', cidr: '10.0.0.0/24' });
  const transport = getTransport({
    url: `memory://api-${randomUUID()}/`,
    controlExchange: 'nova',
    logger,
    rpcResponseTimeout: castTimeout,
  });
  const rpc = createRpc(transport, { serializer: new NovaObjectSerializer() });
  const stores = unboundStores(db);
  const bind = storesFor(db, stores);
  const dependencies: ApiParts = {
    storesFor: (ctxt) => bind(isAdmin ? ctxt : withoutAdmin(ctxt)),
    images: new ImageRegistry(loadConfig({ schema: imageOptions, env: {}, configFiles: [] }).image.images),
    computeTask: new ComputeTaskAPI(rpc),
    compute: new ComputeAPI(rpc),
    settings: { maxLimit, castTimeout, defaultZone: 'nova', serviceDownTime: 60 },
    logger,
  };
  const app = buildApp(dependencies, { ...LIMITS, ...limits }, proxy);
  app.setSerializerCompiler(({ schema }) => checked(schema));
  onTestFinished(async () => {
    await app.close();
    await transport.close();
    await db.close();
  });
  const received: ReceivedRpc[] = [];
  return {
    app,
    db,
    dependencies,
    stores,
    networkId: network.uuid,
    rpc,
    transport,
    received,
    listen: (target, methods) => listen(transport, target, methods, received),
    get: (url) => inject(app, 'GET', url),
    send: (method, url, body) => inject(app, method, url, body),
    instance: (values) => storedInstance(stores, values),
    compute: (host, options) => storedCompute(stores, host, options),
  };
}

function withoutAdmin({ user_id, project_id, request_id }: RequestContext): RequestContext {
  return new RequestContext({ user_id, project_id, request_id, roles: ['member', 'reader'] });
}

/** Checks that each answer of the API fits its schema. */
function checked(schema: object): (answer: unknown) => string {
  return (answer) => {
    const text = JSON.stringify(answer);
    const [fits, errors] = Schema.Errors(schema, JSON.parse(text));
    if (!fits) throw new Error(`An answer is not what its schema says: ${JSON.stringify(errors)} ${text}`);
    return text;
  };
}

async function inject(
  app: FastifyInstance,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: unknown,
) {
  const response = await app.inject({ method, url, ...(body !== undefined && { payload: body as object }) });
  return {
    status: response.statusCode,
    body: response.payload === '' ? undefined : JSON.parse(response.payload),
    headers: response.headers,
  };
}

async function listen(
  transport: Transport,
  target: Target,
  methods: Record<string, (args: object) => unknown>,
  received: ReceivedRpc[],
): Promise<void> {
  const endpoint: Record<string, unknown> = {
    target: new Target({ namespace: target.namespace ?? null, version: target.version ?? '1.0' }),
  };
  for (const [method, answer] of Object.entries(methods)) {
    const name = method.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    endpoint[name] = async (_ctxt: unknown, args: object) => {
      received.push({ method, args });
      return answer(args) ?? null;
    };
  }
  const { topic = '', server = 'peer' } = target;
  const serializer = new RequestContextSerializer(new NovaObjectSerializer());
  const rpcServer = getRpcServer(transport, new Target({ topic, server }), [endpoint], { serializer });
  await rpcServer.start();
  onTestFinished(() => rpcServer.stop());
}

async function storedInstance(
  { instances, flavors }: Stores,
  values: Partial<Instance> = {},
): Promise<Instance> {
  const flavor = await flavors.getByName('m1.tiny');
  const instance = new Instance({
    uuid: randomUUID(),
    user_id: 'demo',
    project_id: 'demo',
    display_name: 'vm',
    image_ref: CIRROS,
    kernel_id: '',
    ramdisk_id: '',
    hostname: 'vm',
    launch_index: 0,
    key_name: null,
    power_state: 1,
    vm_state: 'active',
    task_state: null,
    memory_mb: flavor.memory_mb,
    vcpus: flavor.vcpus,
    root_gb: flavor.root_gb,
    ephemeral_gb: 0,
    host: 'host1',
    node: 'host1',
    instance_type_id: flavor.id,
    user_data: null,
    launched_at: new Date('2026-01-31T12:00:00Z'),
    terminated_at: null,
    availability_zone: 'nova',
    config_drive: '',
    access_ip_v4: null,
    access_ip_v6: null,
    progress: 0,
    metadata: {},
    flavor,
    ...values,
  });
  await instances.create(instance);
  return instance;
}

async function storedCompute(
  { services }: Stores,
  host: string,
  { up = true, zone }: { up?: boolean; zone?: string } = {},
): Promise<Service> {
  const service = new Service({
    host,
    binary: 'nova-compute',
    topic: 'compute',
    version: 1,
    last_seen_up: up ? new Date() : new Date('2026-01-01T00:00:00Z'),
    availability_zone: zone ?? null,
  });
  await services.create(service);
  return service;
}
