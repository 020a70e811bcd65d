import { MessageDeliveryFailure } from '../../errors.ts';
import type { Target } from '../../target.ts';
import type { TransportUrl } from '../../transport-url.ts';
import type { Driver, IncomingMessage, Listener, Reply, Request, SendOptions } from '../driver.ts';
import type { DriverContext } from '../driver-registry.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryIncoming } from './memory-incoming.ts';
import type { Delivery } from './memory-queue.ts';
import { PendingCall } from './pending-call.ts';

/** `memory://<bus>/`: the transports of a process whose URLs have the same host share one bus. */
export function createMemoryDriver(url: TransportUrl, context: DriverContext): Driver {
  return new MemoryDriver(url.hosts[0]?.hostname ?? '', context.controlExchange);
}

/** RPC within one process: every message goes through JSON, as it would on a wire. */
class MemoryDriver implements Driver {
  readonly #busName: string;
  readonly #controlExchange: string;
  #bus: MemoryBus | undefined;
  #closed = false;
  readonly #calls = new Set<PendingCall>();
  readonly #listeners = new Set<Listener>();
  readonly #forget = (call: PendingCall): void => void this.#calls.delete(call);

  constructor(busName: string, controlExchange: string) {
    this.#busName = busName;
    this.#controlExchange = controlExchange;
  }

  async send(target: Target, request: Request, options: SendOptions): Promise<Reply | undefined> {
    const bus = this.#joinBus();
    const text = JSON.stringify(request);
    if (!options.waitForReply) {
      this.#publish(bus, target, { text, call: undefined });
      return undefined;
    }
    const call = new PendingCall(() => `${request.message.method} from ${target}`, options, this.#forget);
    this.#calls.add(call);
    try {
      this.#publish(bus, target, { text, call });
    } catch (error) {
      if (!(error instanceof MessageDeliveryFailure)) throw error;
      call.fail(error);
    }
    return call.reply;
  }

  async listen(target: Target, onMessage: (incoming: IncomingMessage) => void): Promise<Listener> {
    const bus = this.#joinBus();
    const topic = this.#queueName(target.with({ server: null }));
    const unsubscribe = bus.subscribe([topic, this.#queueName(target)], topic, (delivery) =>
      onMessage(new MemoryIncoming(delivery, () => !this.#closed)),
    );
    const listener = new MemoryListener(unsubscribe, () => this.#listeners.delete(listener));
    this.#listeners.add(listener);
    return listener;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const listener of [...this.#listeners]) await listener.stop();
    for (const call of [...this.#calls]) call.fail(new MessageDeliveryFailure('The transport was closed'));
    this.#bus?.leave();
    this.#bus = undefined;
  }

  #joinBus(): MemoryBus {
    if (this.#closed) throw new MessageDeliveryFailure('The transport is closed');
    this.#bus ??= MemoryBus.join(this.#busName);
    return this.#bus;
  }

  #publish(bus: MemoryBus, target: Target, delivery: Delivery): void {
    const name = this.#queueName(target);
    if (target.fanout) bus.publishFanout(name, delivery);
    else if (!bus.publish(name, delivery)) {
      throw new MessageDeliveryFailure(`No server consumes ${target}, and its queue is full`);
    }
  }

  #queueName({ exchange = this.#controlExchange, topic, server, fanout }: Target): string {
    return server === undefined || fanout ? `${exchange}/${topic}` : `${exchange}/${topic}.${server}`;
  }
}

class MemoryListener implements Listener {
  #unsubscribe: (() => void) | undefined;
  readonly #onStopped: () => void;

  constructor(unsubscribe: () => void, onStopped: () => void) {
    this.#unsubscribe = unsubscribe;
    this.#onStopped = onStopped;
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#onStopped();
  }
}
