import type { JsonObject, RPCServer, Transport } from '@mini-nova/messaging';
import { BaseAPI } from './base-rpc-api.ts';
import { activityRecord } from './report/activity-record.ts';
import { RequestContext } from './request-context.ts';
import type { Rpc } from './rpc.ts';
import { settlesWithin } from './timer.ts';

/** A request that was cut because the time for stopping was over. */
export interface CutRequest {
  /** Its name in errors: an RPC method, `GET /servers`. */
  name: string;
  /** Its fields in log lines. */
  record: JsonObject;
}

/** How requests reach a service: by RPC or by HTTP. A stop runs its steps even when the start failed or never came. */
export interface Intake {
  /** The name of the check whether requests are served. */
  readonly name: string;
  /**
   * Takes what only one process can have, such as an address, before the service record says that the service is up.
   */
  open?(): Promise<void>;
  /** Resolves once requests are served. */
  start(): Promise<void>;
  /** Takes no new requests; running ones go on. */
  stop(): Promise<void>;
  /** After `stop`: resolves once all requests are answered. */
  wait(): Promise<void>;
  /** After `stop`: cuts the requests that still run, and resolves when their callers have been told. */
  cut(): Promise<readonly CutRequest[]>;
  /** @throws Error when requests cannot come */
  assertOpen?(): void;
  /** Rejects when requests are not answered though the service lives; it then sends no heartbeat. */
  probe?(): Promise<void>;
  /** What it is doing. */
  report(): JsonObject;
}

/** Seconds that the answers to cut requests may take. */
const CUT_GRACE = 1;
/** Seconds in which a probe through the service's own queue must be answered. */
const PROBE_TIMEOUT = 5;

export interface RpcIntakeOptions {
  server: RPCServer;
  rpc: Rpc;
  transport: Transport;
  topic: string;
  host: string;
  /** Called for a server that could not be stopped because it was never up. */
  onNotUp: (error: unknown) => void;
}

/** The requests to a topic. */
export class RpcIntake implements Intake {
  readonly name = 'service';
  readonly #options: RpcIntakeOptions;
  #serving = false;

  constructor(options: RpcIntakeOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#options.server.start();
    this.#serving = true;
  }

  async stop(): Promise<void> {
    const stopped = this.#options.server.stop();
    // A driver that still waits for its broker ends when the transport is closed.
    if (this.#serving) await stopped;
    else stopped.catch(this.#options.onNotUp);
  }

  async wait(): Promise<void> {
    if (this.#serving) await this.#options.server.wait();
  }

  async cut(): Promise<readonly CutRequest[]> {
    if (!this.#serving) return [];
    const { server } = this.#options;
    const cut = server.cut().map((request) => ({ name: request.method, record: activityRecord(request) }));
    await settlesWithin(server.wait(), CUT_GRACE);
    return cut;
  }

  /** A service that lives but does not answer through its queue must not be shown as up. */
  async probe(): Promise<void> {
    const { rpc, topic, host: server } = this.#options;
    const base = new BaseAPI(rpc, { topic, server, timeout: PROBE_TIMEOUT });
    await base.ping(RequestContext.admin(), { arg: 'probe' });
  }

  report(): JsonObject {
    return { handlers_running: this.#options.transport.activity.serving.map(activityRecord) };
  }
}
