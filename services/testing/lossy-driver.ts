import { type Driver, MessagingTimeout, type Reply, type RpcMessage } from '@mini-nova/messaging';

/** Which part of a call is lost: its request, or, after it was served, its reply. */
export type Loss = 'request' | 'reply';

/** A driver that loses the requests or replies that `lose` names. The caller gets a MessagingTimeout at once. */
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
