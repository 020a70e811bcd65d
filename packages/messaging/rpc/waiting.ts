import { requestIdOf, type Times, type UnderWay, type WaitingCall } from '../activity.ts';
import type { Request, SendOptions } from '../drivers/driver.ts';
import type { Target } from '../target.ts';

/**
 * A message from its sending until its outcome. It does not keep the arguments, which may be large. Its fields are
 * plain, for private ones cost more to make.
 */
export class Waiting implements UnderWay<WaitingCall> {
  readonly since = performance.now();
  readonly target: Target;
  readonly method: string;
  readonly requestId: string | null;
  readonly options: SendOptions;

  constructor(target: Target, { ctxt, message }: Request, options: SendOptions) {
    this.target = target;
    this.method = message.method;
    this.requestId = requestIdOf(ctxt);
    this.options = options;
  }

  report(times: Times): WaitingCall {
    return {
      kind: this.kind,
      target: this.target,
      method: this.method,
      requestId: this.requestId,
      ...times,
      timeout: this.options.timeout ?? null,
    };
  }

  get kind(): WaitingCall['kind'] {
    if (this.options.waitForReply) return 'call';
    return this.target.fanout ? 'fanout' : 'cast';
  }
}
