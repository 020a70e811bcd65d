import { type Driver, MessagingTimeout, type Reply, type RpcMessage } from '@mini-nova/messaging';

/** What happens to a call: its request never arrives, or it is served and its reply never arrives. */
export type Loss = 'request' | 'reply';

/** A driver that loses what `lose` says; the caller sees a timeout, at once. */
export function lossyDriver(inner: Driver, lose: (message: RpcMessage) => Loss | undefined): Driver {
  return {
    async send(target, request, options): Promise<Reply | undefined> {
      const loss = options.waitForReply ? lose(request.message) : undefined;
      if (loss === 'request') throw new MessagingTimeout('the request was lost');
      const reply = await inner.send(target, request, options);
      if (loss === 'reply') throw new MessagingTimeout('the reply was lost');
      return reply;
    },
    listen: (target, onMessage, options) => inner.listen(target, onMessage, options),
    close: () => inner.close(),
  };
}
