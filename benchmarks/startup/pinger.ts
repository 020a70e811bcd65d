import { getTransport, type Transport } from '@mini-nova/messaging';
import { BaseAPI, createRpc, RequestContext, type Rpc } from '@mini-nova/service';
import { quietLogger } from '../shared/quiet-logger.ts';
import type { PingPlace } from './subject.ts';

/** Pings services, of ours and of Python's: both answer the same way on the same wire. */
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
    // A server that has not come yet is not one that is lost.
    const patient = { failUndeliverable: false, callMonitorTimeout: null };
    await base.ping(RequestContext.admin(), { arg: 'startup' }, { ...patient, signal });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
