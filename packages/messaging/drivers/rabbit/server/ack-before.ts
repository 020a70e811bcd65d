import type { Logger } from '../../../logger.ts';
import { acknowledge } from '../consume/acknowledge.ts';
import type { Acknowledging } from './acknowledging.ts';
import { requestKey } from './delivery-headers.ts';
import { DuplicateFilter } from './duplicate-filter.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';

export interface AckBeforeOptions {
  logger: Logger;
  onDuplicate?(request: RabbitIncomingMessage): void;
}

/** At most once: a request is acknowledged when it starts, and never runs again. */
export class AckBefore implements Acknowledging {
  readonly keepsBody = false;
  readonly confirmsReplies = false;
  readonly #options: AckBeforeOptions;
  readonly #seen = new DuplicateFilter();

  constructor(options: AckBeforeOptions) {
    this.#options = options;
  }

  /** With one frame for all: those before them on the channel have started, too. */
  begin(requests: readonly RabbitIncomingMessage[]): boolean {
    const last = requests.at(-1)?.delivery;
    if (last === undefined) return true;
    for (const { delivery } of requests) delivery.queue.unacknowledged -= 1;
    return acknowledge(last.channel, last.message.fields.deliveryTag, true);
  }

  /** Noted only once it is acknowledged: else it comes again, and must run then. */
  accepts(request: RabbitIncomingMessage): boolean {
    const key = requestKey(request);
    if (key === undefined || this.#seen.add(key)) return true;
    this.#options.logger.debug(
      { queue: request.queue, uniqueId: request.uniqueId },
      'message dropped: it has come before',
    );
    this.#options.onDuplicate?.(request);
    return false;
  }

  forget(): void {}

  drop(): void {}

  finish(
    request: RabbitIncomingMessage,
    _failure: unknown,
    settled: (request: RabbitIncomingMessage) => void,
  ): void {
    settled(request);
  }

  giveBack(): boolean {
    return false;
  }
}
