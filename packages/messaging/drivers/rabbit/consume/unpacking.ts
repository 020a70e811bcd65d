import { isCompressed, unpackedBody } from '../wire/compression.ts';
import type { Delivery } from './delivery.ts';

const isPacked = ({ message }: Delivery): boolean => isCompressed(message.properties.headers);
const THERE_IS_ROOM = async (): Promise<void> => {};

/**
 * Unpacks what came compressed, beside the event loop and one after the other. What came behind it waits, so that all is
 * handed over in its order.
 */
export class Unpacking {
  readonly #handOver: (batch: Delivery[]) => void;
  readonly #room: () => Promise<void>;
  #waiting: Delivery[][] = [];
  #working: Promise<void> | undefined;

  /** @param room resolves when another message may be unpacked */
  constructor(handOver: (batch: Delivery[]) => void, room = THERE_IS_ROOM) {
    this.#handOver = handOver;
    this.#room = room;
  }

  /** Whether it sees to the batch: else there is nothing to unpack, and nothing to wait for. */
  takes(batch: Delivery[]): boolean {
    if (this.#working === undefined && !batch.some(isPacked)) return false;
    this.#waiting.push(batch);
    this.#working ??= this.#work();
    return true;
  }

  /** Resolves when all that was taken is handed over, or forgotten. */
  async done(): Promise<void> {
    await this.#working;
  }

  /** Its channel is gone: nothing of it is handed over. */
  forget(): void {
    this.#waiting = [];
  }

  async #work(): Promise<void> {
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      await this.#unpack(batch);
      // It may have been forgotten meanwhile.
      if (this.#waiting[0] !== batch) continue;
      this.#waiting.shift();
      this.#handOver(batch);
    }
    this.#working = undefined;
  }

  async #unpack(batch: readonly Delivery[]): Promise<void> {
    for (const delivery of batch) {
      if (!isPacked(delivery)) continue;
      await this.#room();
      if (this.#waiting[0] !== batch) return;
      const { content, properties } = delivery.message;
      delivery.unpacked = await unpackedBody(content, properties.headers);
    }
  }
}
