import { getTransport, type Transport } from '@mini-nova/messaging';
import { BaseAPI, createRpc, RequestContext, type Rpc } from '@mini-nova/service';
import { quietLogger } from '../shared/quiet-logger.ts';
import type { PingPlace } from './subject.ts';

/** Pings services, both ours and Python's, which answer in the same way. */
export class Pinger {
  readonly #transport: Transport;
  readonly #rpc: Rpc;

  constructor(url: string) {
    this.#transport = getTransport({
      url,
      controlExchange: 'nova',
      logger: quietLogger,
      name: 'startup-bench',
    });
    this.#rpc = createRpc(this.#transport);
  }

  /** Resolves when the service has answered. Before it is up, the ping waits in its queue. */
  async ping({ topic, host }: PingPlace, signal: AbortSignal): Promise<void> {
    const base = new BaseAPI(this.#rpc, { topic, server: host });
    // A server that is not up yet is not lost.
    const patient = { failUndeliverable: false, callMonitorTimeout: null };
    await base.ping(RequestContext.admin(), { arg: 'startup' }, { ...patient, signal });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
