import type { RabbitIncomingMessage } from './incoming-message.ts';

/** When requests are acknowledged, and what becomes of those that fail. */
export interface Acknowledging {
  /** Whether a request's body is needed once it is decoded. */
  readonly keepsBody: boolean;
  /** Whether the broker must have a request's reply before the request is acknowledged. */
  readonly confirmsReplies: boolean;
  /** These are about to start, in the order in which they came on the channel; false: the channel is closed. */
  begin(requests: readonly RabbitIncomingMessage[]): boolean;
  /** Whether it is to run; else it was seen to. */
  accepts(request: RabbitIncomingMessage): boolean;
  /** It waited when its channel was lost, and will be delivered again. */
  forget(request: RabbitIncomingMessage): void;
  /** It has begun, and need not run any more. */
  drop(request: RabbitIncomingMessage): void;
  /** It has run. `settled` is called once nothing of it is held any more. */
  finish(
    request: RabbitIncomingMessage,
    failure: unknown,
    settled: (request: RabbitIncomingMessage) => void,
  ): void;
  /**
   * Its server gives it up while it runs. True: it will be delivered again, and has finished here, with `settled` as
   * above. False: it will not.
   */
  giveBack(request: RabbitIncomingMessage, settled: (request: RabbitIncomingMessage) => void): boolean;
}
