import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestContext } from './request-context.ts';

const running = new AsyncLocalStorage<RequestContext>();

/** Runs `fn` so that `currentContext()` is `ctxt` in it and in all it starts; log lines then have its request id. */
export function runWithContext<T>(ctxt: RequestContext, fn: () => T): T {
  return running.run(ctxt, fn);
}

/** The context of the request that runs now, if one does. */
export function currentContext(): RequestContext | undefined {
  return running.getStore();
}
