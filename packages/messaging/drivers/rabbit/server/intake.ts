import { Fifo, turns } from '@mini-nova/event-loop';
import type { Channel } from 'amqplib';
import { Roster } from '../../../collections.ts';
import type { IncomingMessage } from '../../driver.ts';
import { acknowledgeDelivery, type Delivery, openOrLog } from '../consume/delivery.ts';
import { decodeRequest } from '../wire/wire-message.ts';
import { cancelledCall } from '../wire/wire-properties.ts';
import type { Acknowledging } from './acknowledging.ts';
import { RabbitIncomingMessage } from './incoming-message.ts';
import type { ServerContext } from './listener.ts';
import { answerRollCall, SignsOfLife } from './signs-of-life.ts';

export interface IntakeOptions {
  /** How many requests run at once; 0: no limit. */
  prefetch: number;
  /** Bytes of requests that are held at once. */
  bytes: number;
  onMessage(incoming: IncomingMessage): void;
}

/**
 * The requests that a server holds. They wait, in the order in which they came, until there is room for them to run,
 * by number and by bytes. What waits is not acknowledged; the broker bounds how many that are.
 */
export class Intake {
  readonly server: ServerContext;
  readonly acknowledging: Acknowledging;
  /** How many requests run. */
  running = 0;
  readonly #options: IntakeOptions;
  readonly #limit: number;
  readonly #waiting = new Fifo<RabbitIncomingMessage>();
  /** They have their places, and wait for their turn. */
  readonly #starting = new Fifo<RabbitIncomingMessage>();
  readonly #startNext = (): void => {
    const request = this.#starting.shift();
    if (request !== undefined) this.#run(request);
  };
  readonly #signs: SignsOfLife;
  /** The calls that wait or run, so that they can be cancelled. */
  readonly #calls = new Roster<RabbitIncomingMessage>();
  #channel: Channel | undefined;
  #bytes = 0;
  /** Of what waits. */
  #waitingBytes = 0;
  #onRoom: (() => void)[] = [];
  #stopped = false;
  #scheduled = false;
  #idle: (() => void) | undefined;

  constructor(server: ServerContext, acknowledging: Acknowledging, options: IntakeOptions) {
    this.server = server;
    this.acknowledging = acknowledging;
    this.#options = options;
    this.#limit = options.prefetch === 0 ? Number.POSITIVE_INFINITY : options.prefetch;
    this.#signs = new SignsOfLife(this.#waiting);
  }

  /** Takes what came in one go, and starts what there is room for. */
  readonly take = (batch: readonly Delivery[]): void => {
    const now = performance.now();
    for (const delivery of batch) {
      if (delivery.channel !== this.#channel) this.forgetWaiting();
      this.#channel = delivery.channel;
      try {
        if (!this.#admit(delivery, now)) acknowledgeDelivery(delivery);
      } catch (error) {
        // A bug must not affect the other messages.
        this.server.logger.error(
          { queue: delivery.queue.spec.name, err: error },
          'a delivered message was not handled',
        );
        acknowledgeDelivery(delivery);
      }
    }
    this.#startWaiting();
  };

  /** The channel has gone: what waits will be delivered again. */
  forgetWaiting(): void {
    for (const request of this.#waiting) {
      this.#forgetCall(request);
      this.acknowledging.forget?.(request);
    }
    this.#waiting.clear();
    this.#signs.stop();
    this.#changeWaiting(-this.#waitingBytes);
  }

  /** Starts nothing more; what waits is left to the broker. What has its place is acknowledged, and runs. */
  stop(): void {
    this.#stopped = true;
    while (this.#starting.size > 0) this.#startNext();
    this.forgetWaiting();
  }

  /**
   * Resolves when no more waits, in bytes, than may run. Of what comes plain the broker's prefetch bounds the bytes; what
   * comes compressed becomes larger here.
   */
  async room(): Promise<void> {
    while (this.#waitingBytes > this.#options.bytes) {
      await new Promise<void>((resolve) => this.#onRoom.push(resolve));
    }
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** The request has run: its place is free. */
  finished(request: RabbitIncomingMessage, failure: unknown): void {
    this.#leave(request);
    this.acknowledging.finish(request, failure, this.#onSettled);
  }

  /** The request, which still runs, is to be delivered again. False: it will not be. */
  giveBack(request: RabbitIncomingMessage): boolean {
    if (!this.acknowledging.giveBack?.(request, this.#onSettled)) return false;
    this.#leave(request);
    return true;
  }

  #leave(request: RabbitIncomingMessage): void {
    this.running -= 1;
    this.#forgetCall(request);
    this.#schedule();
    if (this.running === 0) this.#idle?.();
  }

  /** It is acknowledged, or about to be: at once, or once its next attempt is at the broker. */
  readonly #onSettled = (request: RabbitIncomingMessage): void => {
    this.#bytes -= request.size;
    this.#schedule();
  };

  #schedule(): void {
    if (this.#waiting.size === 0 || this.#scheduled) return;
    this.#scheduled = true;
    // After all that ends in this go: what starts in their places is acknowledged with one frame.
    process.nextTick(this.#startLater);
  }

  readonly #startLater = (): void => {
    this.#scheduled = false;
    this.#startWaiting();
  };

  #changeWaiting(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#onRoom.length === 0 || this.#waitingBytes > this.#options.bytes) return;
    for (const resolve of this.#onRoom.splice(0)) resolve();
  }

  /** False: nothing more is wanted of it. */
  #admit(delivery: Delivery, now: number): boolean {
    const { message } = delivery;
    const cancelled = cancelledCall(message.properties);
    if (cancelled !== undefined) {
      // One that runs may have been delivered again, and wait here, too.
      for (const call of this.#calls.items()) if (call.call?.msgId === cancelled) call.cancel();
      return false;
    }
    // It comes from a broker that has not cancelled the consumers yet, and stays there.
    if (this.#stopped) return true;
    if (answerRollCall(delivery, this.#calls, this.server)) return false;
    const request = openOrLog(decodeRequest, delivery, this.server.logger);
    // It is read: as text, it is needed no more.
    if (delivery.unpacked !== undefined) delete delivery.unpacked;
    if (request === undefined) return false;
    const incoming = new RabbitIncomingMessage(request, delivery, now, this);
    // A small body keeps the whole read of the socket alive that it is a part of.
    if (!this.acknowledging.keepsBody) message.content = EMPTY;
    if (incoming.expectsReply) incoming.place = this.#calls.add(incoming);
    this.#waiting.push(incoming);
    this.#changeWaiting(incoming.size);
    return true;
  }

  #startWaiting(): void {
    while (!this.#stopped && this.#waiting.size > 0) {
      const batch = this.#takeRunnable();
      if (batch.length === 0) break;
      this.#start(batch);
    }
    this.#signs.update();
  }

  /** The first ones that there is room for. Each has its place from now on. */
  #takeRunnable(): RabbitIncomingMessage[] {
    const batch: RabbitIncomingMessage[] = [];
    while (this.running < this.#limit) {
      const next = this.#waiting.first;
      // A request that is larger than the whole room runs alone.
      if (next === undefined || (this.running > 0 && this.#bytes + next.size > this.#options.bytes)) break;
      this.#waiting.shift();
      this.#changeWaiting(-next.size);
      this.running += 1;
      this.#bytes += next.size;
      batch.push(next);
    }
    return batch;
  }

  #start(batch: readonly RabbitIncomingMessage[]): void {
    const { acknowledging, server } = this;
    if (!acknowledging.begin(batch)) {
      for (const request of batch) this.#giveBack(request);
      server.logger.debug({ messages: batch.length }, 'deliveries dropped: their channel has closed');
      return;
    }
    const now = performance.now();
    for (const request of batch) {
      if (this.#isOver(request, now)) acknowledging.drop?.(request);
      else if (acknowledging.accepts(request)) {
        this.#runInTurn(request, batch.length === 1);
        continue;
      }
      this.#giveBack(request);
    }
  }

  /** One read of the socket may bring hundreds; one that came alone needs no turn of its own. */
  #runInTurn(request: RabbitIncomingMessage, alone: boolean): void {
    if (alone && this.#starting.size === 0 && turns.isFree) {
      this.#run(request);
      return;
    }
    this.#starting.push(request);
    turns.start(this.#startNext);
  }

  #run(request: RabbitIncomingMessage): void {
    try {
      this.#options.onMessage(request);
    } catch (error) {
      this.server.logger.error({ queue: request.queue, err: error }, 'a delivered message was not handled');
      request.done(error);
    }
  }

  /** Whether nobody waits for its answer any more. */
  #isOver(request: RabbitIncomingMessage, now: number): boolean {
    const { deadline, isCancelled, message } = request;
    if (isCancelled) return true;
    if (deadline === null || deadline > now) return false;
    this.server.logger.debug(
      { method: message.method, late: now - deadline },
      'request dropped: its caller has given up',
    );
    this.server.tell('expired_dropped', request);
    return true;
  }

  /** It will not run, so its place is free. */
  #giveBack(request: RabbitIncomingMessage): void {
    this.#bytes -= request.size;
    this.#leave(request);
  }

  #forgetCall({ place }: RabbitIncomingMessage): void {
    if (place !== undefined) this.#calls.remove(place);
  }
}

const EMPTY = Buffer.alloc(0);
