import type { ChannelModel } from 'amqplib';

/**
 * When a broker that is short of memory or disk space has blocked a connection: it then reads nothing from it, and
 * answers nothing that it is asked there.
 */
export class Blocking {
  #blocked = false;
  /** By performance.now. */
  #endedAt = 0;

  constructor(model: ChannelModel) {
    model.on('blocked', () => {
      this.#blocked = true;
    });
    model.on('unblocked', () => {
      this.#blocked = false;
      this.#endedAt = performance.now();
    });
  }

  /** For how long (ms) the broker could have answered what it was asked at that time (by performance.now). */
  timeToAnswer(askedAt: number): number {
    return this.#blocked ? 0 : performance.now() - Math.max(askedAt, this.#endedAt);
  }
}
