import type { JsonObject, RPCServer, Transport } from '@mini-nova/messaging';
import { BaseAPI } from './base-rpc-api.ts';
import { activityRecord } from './report/activity-record.ts';
import { RequestContext } from './request-context.ts';
import type { Rpc } from './rpc.ts';
import { settlesWithin } from './timer.ts';

/** A request that was given up because the time to stop was over. */
export interface CutRequest {
  /** As errors name it: an RPC method, `GET /servers`. */
  name: string;
  /** What logs tell of it. */
  record: JsonObject;
}

/** How requests come to a service: by RPC, or by HTTP. A stop runs its steps also when the start has failed, or never came. */
export interface Intake {
  /** Of the check whether requests are served. */
  readonly name: string;
  /** Takes what only one can have, such as an address: before a service record says that the service is there. */
  open?(): Promise<void>;
  /** Resolves once requests are served. */
  start(): Promise<void>;
  /** Takes no new requests; those that came go on. */
  stop(): Promise<void>;
  /** After `stop`: resolves once all requests are answered. */
  wait(): Promise<void>;
  /** After `stop`: gives up the requests that still run, and resolves when it has said so to those who asked. */
  cut(): Promise<readonly CutRequest[]>;
  /** @throws Error when requests cannot come */
  assertOpen?(): void;
  /** Rejects when requests are not answered, though the service lives: then it has no heartbeat. */
  probe?(): Promise<void>;
  /** What it is doing. */
  report(): JsonObject;
}

/** Seconds in which cut requests are answered. */
const CUT_GRACE = 1;
/** Seconds that a probe through the service's own queue has to be answered. */
const PROBE_TIMEOUT = 5;

export interface RpcIntakeOptions {
  server: RPCServer;
  rpc: Rpc;
  transport: Transport;
  topic: string;
  host: string;
  /** Told of a server that could not be stopped, since it never was up. */
  onNotUp: (error: unknown) => void;
}

/** The requests of a topic. */
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
    // A driver that waits for its broker in spite of this goes with the transport.
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

  /** A service that lives but does not answer through its queue must not be shown up. */
  async probe(): Promise<void> {
    const { rpc, topic, host: server } = this.#options;
    const base = new BaseAPI(rpc, { topic, server, timeout: PROBE_TIMEOUT });
    await base.ping(RequestContext.admin(), { arg: 'probe' });
  }

  report(): JsonObject {
    return { handlers_running: this.#options.transport.activity.serving.map(activityRecord) };
  }
}
