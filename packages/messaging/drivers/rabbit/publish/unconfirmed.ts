import type { Message } from 'amqplib';
import type { Publication } from './publication.ts';

/** So many settled places may be kept before the list is shortened. */
const SLACK = 1_024;

/**
 * What was written to one channel and is not confirmed, by delivery tag: the broker counts the messages of a channel
 * from 1. Everything here takes constant time on average, whatever is under way.
 */
export class Unconfirmed {
  #places: (Publication | undefined)[] = [];
  /** The delivery tag of the first place. */
  #firstTag = 1;
  /** All places before this one are empty. */
  #head = 0;
  /** Nothing before this place will be returned: what comes back does so in the order in which it was sent. */
  #returnable = 0;
  #size = 0;
  /** At most so many of them were settled otherwise. */
  #settled = 0;

  get size(): number {
    return this.#size;
  }

  /** To be called once for each message that is written to the channel, in order. */
  add(publication: Publication): void {
    this.#places.push(publication);
    this.#size += 1;
  }

  /** Takes out the message that the broker has confirmed or refused. */
  take(deliveryTag: number): Publication | undefined {
    const place = deliveryTag - this.#firstTag;
    const publication = this.#places[place];
    if (publication === undefined) return undefined;
    this.#places[place] = undefined;
    this.#size -= 1;
    this.#shorten();
    return publication;
  }

  /** Takes out all messages up to the tag. */
  takeUpTo(deliveryTag: number): Publication[] {
    const taken: Publication[] = [];
    for (let place = this.#head; place <= deliveryTag - this.#firstTag; place += 1) {
      const publication = this.#places[place];
      if (publication === undefined) continue;
      this.#places[place] = undefined;
      taken.push(publication);
    }
    this.#size -= taken.length;
    this.#shorten();
    return taken;
  }

  /** To be called for each message here that was settled otherwise. Many are taken out: no confirmation may come for long. */
  noteSettled(): void {
    this.#settled += 1;
    if (this.#settled >= SLACK && this.#settled * 2 >= this.#size) this.dropSettled();
  }

  /** Takes out what was settled otherwise. */
  dropSettled(): void {
    this.#settled = 0;
    for (let place = this.#head; place < this.#places.length; place += 1) {
      if (!this.#places[place]?.isSettled) continue;
      this.#places[place] = undefined;
      this.#size -= 1;
    }
    this.#shorten();
  }

  /** The message that the broker has sent back: it does so before it confirms it. */
  findReturned({ fields, content }: Message): Publication | undefined {
    for (let place = Math.max(this.#returnable, this.#head); place < this.#places.length; place += 1) {
      const publication = this.#places[place];
      if (publication === undefined || publication.returned) continue;
      const { message, body } = publication;
      if (message.routingKey !== fields.routingKey || (message.exchange?.name ?? '') !== fields.exchange)
        continue;
      if (!body.equals(content)) continue;
      this.#returnable = place + 1;
      return publication;
    }
    return undefined;
  }

  /** In order. */
  all(): Publication[] {
    return this.#places.filter((publication) => publication !== undefined);
  }

  /** Takes out all of them. From now on it is another channel's. */
  reset(): Publication[] {
    const all = this.all();
    this.#places = [];
    this.#firstTag = 1;
    this.#head = 0;
    this.#returnable = 0;
    this.#size = 0;
    this.#settled = 0;
    return all;
  }

  #shorten(): void {
    const places = this.#places;
    while (this.#head < places.length && places[this.#head] === undefined) this.#head += 1;
    if (this.#head < SLACK && this.#head < places.length) return;
    if (this.#head * 2 < places.length) return;
    this.#firstTag += this.#head;
    this.#returnable = Math.max(0, this.#returnable - this.#head);
    this.#places = places.slice(this.#head);
    this.#head = 0;
  }
}

/** How long (ms) to wait before publishing again what the broker has refused to store (`basic.nack`). */
const PAUSE = 500;
/** A message that was refused so often, one time after the other, makes its channel suspect. */
const SUSPICIOUS = 2;
/** Milliseconds between two suspicions: a queue that is full refuses messages on any channel. */
const SUSPICION_PAUSE = 5_000;

/** What the broker has refused to store for now: it is handed back after a pause, all at once. */
export class NackedPublications {
  readonly #onRetry: (publications: readonly Publication[]) => void;
  readonly #publications = new Set<Publication>();
  /** How often each was refused. */
  readonly #times = new WeakMap<Publication, number>();
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(onRetry: (publications: readonly Publication[]) => void) {
    this.#onRetry = onRetry;
  }

  get size(): number {
    return this.#publications.size;
  }

  /**
   * True when the channel is to be replaced: a quorum queue whose leader was lost goes on refusing what comes over a
   * channel that knew that leader, and takes it over another.
   */
  add(publication: Publication): boolean {
    this.#publications.add(publication);
    this.#timer ??= setTimeout(() => this.#onRetry(this.takeAll()), PAUSE).unref();
    const times = (this.#times.get(publication) ?? 0) + 1;
    this.#times.set(publication, times);
    const now = performance.now();
    if (times < SUSPICIOUS || now - this.#suspectedAt < SUSPICION_PAUSE) return false;
    this.#suspectedAt = now;
    return true;
  }

  delete(publication: Publication): void {
    this.#publications.delete(publication);
  }

  takeAll(): Publication[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = [...this.#publications];
    this.#publications.clear();
    return all;
  }
}
