import type { JsonObject } from '../../json.ts';
import type { RpcMessage } from '../driver.ts';

/** How many dead letters of a topic are kept; the oldest go first. */
const MAX_LETTERS = 1_000;

/** A cast whose method failed as often as its server's `deliveryLimit` says. */
export interface DeadLetter {
  ctxt: JsonObject;
  message: RpcMessage;
  /** The last failure. */
  reason: string;
  /** How often it was tried. */
  attempts: number;
  /** ISO 8601. */
  at: string;
}

/** The dead letters of a bus, by topic. */
export class DeadLetters {
  readonly #byTopic = new Map<string, DeadLetter[]>();

  add(topic: string, letter: DeadLetter): void {
    const letters = this.#byTopic.get(topic) ?? [];
    this.#byTopic.set(topic, letters);
    letters.push(letter);
    if (letters.length > MAX_LETTERS) letters.shift();
  }

  of(topic: string): readonly DeadLetter[] {
    return [...(this.#byTopic.get(topic) ?? [])];
  }
}
