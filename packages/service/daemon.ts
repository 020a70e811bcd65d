import cluster from 'node:cluster';
import {
  type Config,
  ConfigError,
  type ConfigReload,
  LiveConfig,
  type LoadConfigOptions,
} from '@mini-nova/config';
import { getTransport, type JsonObject, type Logger, type Transport } from '@mini-nova/messaging';
import { gracefulShutdownTimeout, serviceOptions, transportOptions } from './from-config.ts';
import { Instruments } from './instruments.ts';
import { type Launcher, type LaunchOptions, type LaunchSource, WRONG_USE } from './launch/launcher.ts';
import { launchAll, serve } from './launch/serve.ts';
import { STOP_GRACE } from './launch/stop-timeout.ts';
import { createLogger, type LeveledLogger, levelOf } from './logging.ts';
import { complain } from './logs/standard-error.ts';
import { type DaemonConfig, type DaemonSchema, daemonSchema } from './options/index.ts';
import { createReport } from './report/report.ts';
import { writeReport } from './report/report-file.ts';
import { rpcLog } from './rpc-log.ts';
import { Service, type ServiceOptions } from './service.ts';
import { ServiceManager } from './systemd/service-manager.ts';

export interface DaemonOptions<S extends DaemonSchema = DaemonSchema> {
  /** `nova-compute`: in logs, in the broker's list of connections, in the service record. */
  name: string;
  /**
   * A configuration, or how to read one: by a schema that contains `daemonSchema`. Default: that schema alone, from
   * /etc/<name>/<name>.conf.
   */
  config?: LiveConfig<S> | DaemonConfigOptions<S>;
  /** The program's version, for reports and traces. */
  version?: string;
  /** What launchers log through instead of `logger`. */
  wrapLogger?: (logger: Logger) => Logger;
}

/** `loadConfig`'s, of which the schema may be left out. */
export type DaemonConfigOptions<S extends DaemonSchema> = Omit<LoadConfigOptions<S>, 'schema'> & {
  schema?: S;
};

/** What a daemon's service is made of, apart from what the daemon itself knows. */
export type DaemonServiceOptions = Pick<ServiceOptions, 'topic' | 'manager'> & Partial<ServiceOptions>;

/**
 * A process of a control plane: its configuration, logs, metrics and traces, and what launches its services. SIGHUP
 * reads the configuration again, SIGUSR2 writes a report.
 *
 *     await Daemon.run({ name: 'greeter' }, (daemon) =>
 *       daemon.serve(() => daemon.service({ topic: 'greeter', manager: new GreeterManager(…) })),
 *     );
 */
export class Daemon<S extends DaemonSchema = DaemonSchema> {
  readonly name: string;
  readonly version: string;
  readonly logger: LeveledLogger;
  readonly #live: LiveConfig<S>;
  readonly #instruments: Instruments;
  readonly #launcherLogger: Logger;
  /** A worker's primary speaks for it. */
  readonly #serviceManager: ServiceManager | undefined;

  private constructor(
    options: DaemonOptions<S>,
    live: LiveConfig<S>,
    instruments: Instruments,
    logger: LeveledLogger,
  ) {
    this.name = options.name;
    this.version = options.version ?? 'unknown';
    this.#live = live;
    this.#instruments = instruments;
    this.logger = logger;
    this.#launcherLogger = options.wrapLogger?.(logger) ?? logger;
    if (!cluster.isWorker) this.#serviceManager = ServiceManager.find(process.env, logger);
  }

  /**
   * Runs a daemon until it ends, and the process with it: with the launcher's exit code, or, when the configuration
   * cannot be used, with 2 and a line for each problem.
   */
  static async run<S extends DaemonSchema = DaemonSchema>(
    options: DaemonOptions<S>,
    launch: (daemon: Daemon<S>) => Launcher,
  ): Promise<never> {
    try {
      const daemon = await Daemon.create(options);
      process.exit(await launch(daemon).wait());
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      complain(error.message);
      process.exit(WRONG_USE);
    }
  }

  /** @throws ConfigError when it has to read the configuration and that cannot be used */
  static async create<S extends DaemonSchema = DaemonSchema>(options: DaemonOptions<S>): Promise<Daemon<S>> {
    const live = liveConfigOf(options);
    const { name, version = 'unknown' } = options;
    const config = ownOptions(live.values);
    const logger = createLogger({ name, debug: config.DEFAULT.debug });
    // A worker reads what its primary has read, and the primary has logged the warnings.
    const { warnings } = cluster.isWorker ? { warnings: [] } : config;
    for (const warning of warnings) logger.warn({ warning }, 'Configuration');
    const instruments = await Instruments.open({ name, version, config, logger });
    return new Daemon(options, live, instruments, logger);
  }

  /** A live view: an option that SIGHUP can change is read with its present value. */
  get config(): Config<S> {
    return this.#live.values;
  }

  get #config(): DaemonConfig {
    return ownOptions(this.config);
  }

  /** A transport for one service, which closes it. The broker lists it as `name`; default: the daemon's name. */
  transport(name: string = this.name, logger: Logger = this.logger): Transport {
    return getTransport({
      ...transportOptions(this.#config),
      name,
      logger,
      hooks: [rpcLog(this.logger), ...this.#instruments.hooks],
    });
  }

  /** What `Service.create` takes from the configuration and the daemon's instruments. */
  get serviceOptions(): Partial<ServiceOptions> {
    return { ...serviceOptions(this.#config), ...this.#instruments.service, logger: this.logger };
  }

  /** A service with a transport of its own. */
  service(options: DaemonServiceOptions): Service {
    return Service.create({
      ...this.serviceOptions,
      binary: this.name,
      ...options,
      transport: options.transport ?? this.transport(),
    });
  }

  /** Runs a service in `workers` processes. See `serve`. */
  serve(source: LaunchSource, workers = 1, options: LaunchOptions = {}): Launcher {
    return this.#watched(serve(source, workers, this.#launchOptions(workers, options)));
  }

  /** Runs several services in this process. See `launchAll`. */
  launch(sources: readonly LaunchSource[], options: LaunchOptions = {}): Launcher {
    return this.#watched(launchAll(sources, this.#launchOptions(1, options)));
  }

  #launchOptions(workers: number, own: LaunchOptions): LaunchOptions {
    const manager = this.#serviceManager?.launchOptions;
    return {
      ...this.#instruments.launchOptions(workers),
      logger: this.#launcherLogger,
      stopTimeout: () => gracefulShutdownTimeout(this.#config) + STOP_GRACE,
      restartMethod: () => (this.#config.DEFAULT.restart_method === 'reload' ? 'reload' : 'mutate'),
      readConfiguration: (everything) => this.#readConfiguration(everything),
      writeReport: (parts) => this.#writeReport(parts),
      ...manager,
      ...own,
      onState: (state) => {
        manager?.onState?.(state);
        own.onState?.(state);
      },
    };
  }

  #watched(launcher: Launcher): Launcher {
    this.#instruments.watch(launcher);
    this.#serviceManager?.watch(launcher);
    return launcher;
  }

  #readConfiguration(everything: boolean): void {
    const { changes, warnings }: ConfigReload = this.#live.reload({ everything });
    if (!cluster.isWorker) for (const warning of warnings) this.logger.warn({ warning }, 'Configuration');
    for (const { path, from, to, applied } of changes) {
      const option = `[${path.replace('.', '] ')}`;
      if (applied) this.logger.info({ option, from, to }, 'Option changed');
      else this.logger.warn({ option, from, to }, 'Option changed in the file only: it needs a restart');
    }
    if (changes.length === 0) this.logger.info({}, 'No option has changed');
    this.logger.level = levelOf(this.#config.DEFAULT.debug);
  }

  #writeReport(parts: JsonObject): void {
    const { name, version } = this;
    const configuration = JSON.parse(JSON.stringify(this.config)) as JsonObject;
    const report = createReport({ name, version, configuration, parts });
    writeReport(report, { name, folder: this.#config.oslo_reports.log_dir, logger: this.logger });
  }
}

// The compiler cannot follow that the options of S contain those of DaemonSchema, value for value.
function ownOptions<S extends DaemonSchema>(config: Config<S>): DaemonConfig {
  return config as object as DaemonConfig;
}

function liveConfigOf<S extends DaemonSchema>({ name, config = {} }: DaemonOptions<S>): LiveConfig<S> {
  if (config instanceof LiveConfig) return config;
  // Whoever names another S gives its schema.
  const schema = config.schema ?? (daemonSchema as DaemonSchema as S);
  return LiveConfig.load({ project: name, ...config, schema });
}
