import { getTransport, Target, type Transport } from '@mini-nova/messaging';
import { type BaseContract, createRpc, RequestContext, type Rpc } from '@mini-nova/service';
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
    const target = new Target({ topic, server: host, namespace: 'baseapi', version: '1.0' });
    const client = this.#rpc.getClient<BaseContract>(target, {
      failUndeliverable: false,
      // A server that has not come yet is not one that is lost.
      callMonitorTimeout: null,
    });
    await client.prepare({ signal }).call(RequestContext.admin(), 'ping', { arg: 'startup' });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}
