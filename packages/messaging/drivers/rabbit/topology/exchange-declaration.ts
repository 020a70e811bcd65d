import { TopologyMismatch, type TopologyMismatchData } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { amqpCode, PRECONDITION_FAILED } from '../connection/amqp-error.ts';
import type { ExchangeSpec } from './topology.ts';

/**
 * How RabbitMQ words it: inequivalent arg 'durable' for exchange 'nova' in vhost '/': received 'true' but current is
 * 'false'; and of arguments: received none but current is the value '60000' of type 'signedint'.
 */
const TEXT =
  /inequivalent arg '(?<argument>[^']*)' for (?<kind>queue|exchange) '(?<entity>.*)' in vhost '.*': received (?<wanted>.+) but current is (?<actual>.+?)"?$/;

/**
 * What differs, when the broker closed a channel because a queue or an exchange is declared otherwise; undefined for
 * all other errors.
 */
export function mismatchData(error: unknown): TopologyMismatchData | undefined {
  if (!(error instanceof Error) || amqpCode(error) !== PRECONDITION_FAILED) return undefined;
  const { argument, kind, entity, wanted, actual } = TEXT.exec(error.message)?.groups ?? {};
  if (entity === undefined || argument === undefined) return undefined;
  return {
    kind: kind === 'queue' ? 'queue' : 'exchange',
    entity,
    argument,
    ...value('wanted', wanted),
    ...value('actual', actual),
  };
}

/** The broker's refusal as the error that users meet; undefined when it refused for another reason. */
export function topologyMismatch(error: unknown): TopologyMismatch | undefined {
  const data = mismatchData(error);
  return data && new TopologyMismatch(data, { cause: error });
}

/** `'true'` is true, `the value '1' of type 'signedint'` is 1, and `none` is nothing. */
function value(key: 'wanted' | 'actual', text: string | undefined): Partial<TopologyMismatchData> {
  const quoted = /'(.*?)'/.exec(text ?? '')?.[1];
  return quoted === undefined ? {} : { [key]: quoted };
}

/**
 * The control exchanges that this process wants durable and the broker has otherwise. Several services share a
 * control exchange, and whichever comes first decides; as oslo.messaging does, the others go along with an exchange
 * that is not durable.
 *
 * One per driver: what one channel has learnt, the others need not try.
 */
export class ExchangeFallbacks {
  readonly #logger: Logger;
  readonly #transient = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The exchange as it is to be declared. */
  apply(exchange: ExchangeSpec): ExchangeSpec {
    if (!exchange.durable || !this.#transient.has(exchange.name)) return exchange;
    return { ...exchange, durable: false };
  }

  /**
   * Notes why the broker has refused a declaration; true when `apply` now gives another exchange, with which it is to
   * be tried again.
   */
  learn(error: unknown): boolean {
    const mismatch = mismatchData(error);
    if (mismatch?.kind !== 'exchange' || mismatch.argument !== 'durable' || mismatch.wanted !== 'true')
      return false;
    const { entity } = mismatch;
    if (!this.#transient.has(entity)) {
      this.#transient.add(entity);
      this.#logger.warn(
        { exchange: entity },
        'exchange used as it is: it was to be durable, and exists as one that is not',
      );
    }
    return true;
  }
}
