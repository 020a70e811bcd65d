import type { Logger } from '../../../logger.ts';
import type { Roster } from '../../../roster.ts';
import { errorText } from '../connection/amqp-error.ts';
import type { Delivery } from '../consume/delivery.ts';
import { openOrLog } from '../wire/open-or-log.ts';
import { uniqueId } from '../wire/unique-id.ts';
import { decodeRollCall, encodeReply, SIGN_OF_LIFE } from '../wire/wire-message.ts';
import { rollCall } from '../wire/wire-properties.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';
import type { ReplySender } from './reply-sender.ts';

export interface RollCallOptions {
  /** What requests come from. */
  queues: readonly string[];
  /** The queue by which callers reach this server alone. */
  address: string;
  replies: ReplySender;
  logger: Logger;
}

/**
 * Answers a caller that asks which of its calls are here: a sign of life for each, and then one that says that these were
 * all. What came before it from the same queues was read before it. False when the message is no such question.
 */
export function answerRollCall(
  delivery: Delivery,
  calls: Roster<RabbitIncomingMessage>,
  { queues, address, replies, logger }: RollCallOptions,
): boolean {
  const asked = rollCall(delivery.message.properties);
  if (asked === undefined) return false;
  const queue = openOrLog(decodeRollCall, delivery, logger);
  // It goes to all servers of a topic, also when those of one host are meant.
  if (queue === undefined || !queues.includes(queue)) return true;
  const { id, replyQueue } = asked;
  const own = calls.items().filter((call) => call.replyQueue === replyQueue);
  const signs = own.map((call) => call.heartbeat());
  const answer = replies.sendNow(replyQueue, encodeReply(id, uniqueId(), SIGN_OF_LIFE, false), address);
  for (const sent of [...signs, answer]) {
    sent.catch((error: unknown) => logger.debug({ reason: errorText(error) }, 'sign of life not sent'));
  }
  return true;
}
