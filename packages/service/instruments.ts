import cluster from 'node:cluster';
import type { Logger, RpcHooks } from '@mini-nova/messaging';
import type { Launchable, ReadinessChecks } from './launch/launchable.ts';
import type { Launcher, LaunchOptions } from './launch/launcher.ts';
import type { Observability, openObservability } from './observability/index.ts';
import type { DaemonConfig } from './options/index.ts';
import type { ServiceOptions } from './service.ts';
import type { Tracing } from './tracing/otel.ts';

export interface InstrumentsOptions {
  /** The daemon's name. */
  name: string;
  version: string;
  config: DaemonConfig;
  logger: Logger;
}

/** The environment variable that tells a worker the port of its primary's endpoint. */
const PORT_VARIABLE = 'MINI_NOVA_OBSERVABILITY_PORT';

/** What observes a daemon: metrics, their endpoint, tracing. Only what is configured is loaded. */
export class Instruments {
  readonly #options: InstrumentsOptions;
  readonly #openObservability: typeof openObservability | undefined;
  readonly #tracing: Tracing | undefined;
  #opened: Observability | undefined;
  #launcher: Launcher | undefined;

  private constructor(
    options: InstrumentsOptions,
    open: typeof openObservability | undefined,
    tracing: Tracing | undefined,
  ) {
    this.#options = options;
    this.#openObservability = open;
    this.#tracing = tracing;
  }

  static async open(options: InstrumentsOptions): Promise<Instruments> {
    const { port, otlp_endpoint } = options.config.observability;
    const observability = port === null ? undefined : await import('./observability/index.ts');
    const tracing = otlp_endpoint === null ? undefined : await openTracing(options, otlp_endpoint);
    return new Instruments(options, observability?.openObservability, tracing);
  }

  /** For transports. */
  get hooks(): RpcHooks[] {
    return [this.#observability?.hooks, this.#tracing?.hooks].filter((hooks) => hooks !== undefined);
  }

  /** For services. */
  get service(): Pick<ServiceOptions, 'backdoorPort' | 'onTaskRun' | 'onHeartbeat' | 'onFigures'> {
    const observability = this.#observability;
    return {
      backdoorPort: () => this.#port,
      ...(observability && {
        onTaskRun: observability.onTaskRun,
        onHeartbeat: observability.onHeartbeat,
        onFigures: observability.onFigures,
      }),
    };
  }

  /** To be called before a launcher of so many workers is made. */
  launchOptions(workers: number): Pick<LaunchOptions, 'beside' | 'workerEnvironment'> {
    if (workers > 1 && !cluster.isWorker) this.#opened ??= this.#open('primary');
    const beside = [this.#observability?.server, this.#tracing && endOf(this.#tracing)];
    return {
      beside: beside.filter((launchable) => launchable !== undefined),
      workerEnvironment: () => ({ ...(this.#port !== null && { [PORT_VARIABLE]: String(this.#port) }) }),
    };
  }

  /** The endpoint answers for what this runs. */
  watch(launcher: Launcher): void {
    this.#launcher = launcher;
  }

  get #port(): number | null {
    if (!cluster.isWorker) return this.#observability?.port ?? null;
    return Number(process.env[PORT_VARIABLE]) || null;
  }

  /** Opened when first needed: only then is it known whether this process is a primary. */
  get #observability(): Observability | undefined {
    this.#opened ??= this.#open(cluster.isWorker ? 'worker' : 'single');
    return this.#opened;
  }

  #open(role: 'single' | 'primary' | 'worker'): Observability | undefined {
    const { config, logger } = this.#options;
    const { listen, port } = config.observability;
    if (port === null) return undefined;
    return this.#openObservability?.({ role, listen, port, logger, checks: () => this.#checks });
  }

  get #checks(): ReadinessChecks {
    const launcher = this.#launcher;
    if (launcher) return launcher.checks;
    return {
      launcher: () => {
        throw new Error('nothing was launched yet');
      },
    };
  }
}

async function openTracing(options: InstrumentsOptions, endpoint: string): Promise<Tracing> {
  const { name, version, config, logger } = options;
  const otel = await import('./tracing/otel.ts');
  return otel.openTracing({
    serviceName: name,
    host: config.DEFAULT.host,
    version,
    endpoint,
    sampleRatio: config.observability.trace_sample_ratio,
    logger,
  });
}

/** Sends the last spans when everything else has stopped. */
function endOf(tracing: Tracing): Launchable {
  return { name: 'tracing', start: async () => {}, stop: () => tracing.shutdown() };
}
