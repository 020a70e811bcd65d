import type { ApiServer } from '@mini-nova/api/api-server';
import { openConfigured, syncDatabase, waitForDatabase } from '@mini-nova/data/configured-database';
import type { Database } from '@mini-nova/data/database';
import type { StateChangeListener } from '@mini-nova/data/instances/store';
import { type Stores, unboundStores } from '@mini-nova/data/stores';
import { getTransport, type Logger, type RpcHooks, type Transport } from '@mini-nova/messaging';
import {
  type Launchable,
  type LaunchSource,
  type ServiceOptions,
  transportOptions,
} from '@mini-nova/service';
import type { NovaConfig } from '../nova-schema.ts';
import { composeApi } from './api.ts';
import { composeCompute } from './compute.ts';
import { composeConductor } from './conductor.ts';
import type { DatabaseServiceParts, ServiceParts } from './parts.ts';
import { composeScheduler } from './scheduler.ts';

export interface AllInOneOptions {
  /** Its transport should be in memory: `memory://<bus>/`. */
  config: NovaConfig;
  logger: Logger;
  /** A compute for each. Default: one, of the configured host. */
  computeHosts?: readonly string[];
  /** Told of all RPCs, under the names of the services. Not with `transport`. */
  hooks?: readonly RpcHooks[];
  /** Makes a service's transport, as a daemon does. Default: one for the configuration. */
  transport?: (name: string) => Transport;
  /** What a daemon adds to the options of each service. */
  service?: Partial<ServiceOptions>;
  /** Told of each change of an instance's state. */
  onStateChange?: StateChangeListener;
}

/** All services in one process: they share a database, and talk by a bus in memory. */
export class AllInOne {
  readonly #options: AllInOneOptions;
  readonly #database: SharedDatabase;
  #api: ApiServer | undefined;

  constructor(options: AllInOneOptions) {
    this.#options = options;
    this.#database = new SharedDatabase(options);
  }

  /** What is to be launched, in this order. The database is migrated first, and closed last. */
  get services(): LaunchSource[] {
    const { config, computeHosts = [config.DEFAULT.host] } = this.#options;
    return [
      this.#database,
      () => composeConductor(this.#parts('nova-conductor')),
      () => composeScheduler(this.#parts('nova-scheduler')),
      ...computeHosts.map((host) => () => this.#compute(host)),
      () => this.#composeApi(),
    ];
  }

  /** Where the REST API is: `http://127.0.0.1:8774/v2.1`. Only once it listens. */
  get endpoint(): string {
    if (!this.#api) throw new Error('The API was not started');
    return `${this.#api.url}/v2.1`;
  }

  #composeApi(): Launchable {
    const { service, server } = composeApi(this.#parts('nova-api'));
    this.#api = server;
    return service;
  }

  #compute(host: string): Launchable {
    return composeCompute({ ...this.#common(`nova-compute.${host}`), host });
  }

  #parts(name: string): DatabaseServiceParts {
    return { ...this.#common(name), ...this.#database.opened };
  }

  #common(name: string): ServiceParts {
    const { config, logger, hooks = [], service = {} } = this.#options;
    const ownTransport = () => getTransport({ ...transportOptions(config), logger, name, hooks });
    const { transport = ownTransport } = this.#options;
    return { config, logger, transport: transport(name), service };
  }
}

/** The database that the services share. */
class SharedDatabase implements Launchable {
  readonly name = 'database';
  readonly #options: AllInOneOptions;
  #opened: { db: Database; stores: Stores } | undefined;

  constructor(options: AllInOneOptions) {
    this.#options = options;
  }

  get opened(): { db: Database; stores: Stores } {
    if (!this.#opened) throw new Error('The database was not opened');
    return this.#opened;
  }

  async start(): Promise<void> {
    const { config, logger, onStateChange } = this.#options;
    await waitForDatabase(config, logger);
    const db = await openConfigured(config, logger);
    const stores = unboundStores(db);
    if (onStateChange) stores.instances.onStateChange(onStateChange);
    this.#opened = { db, stores };
    await syncDatabase(db, config);
  }

  async stop(): Promise<void> {
    await this.#opened?.db.close();
  }
}
