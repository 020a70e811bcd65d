import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestContext } from './request-context.ts';

const running = new AsyncLocalStorage<RequestContext>();

/**
 * Runs `fn` with `currentContext()` being `ctxt` in it and in everything it starts; log lines then have its request
 * id.
 */
export function runWithContext<T>(ctxt: RequestContext, fn: () => T): T {
  return running.run(ctxt, fn);
}

/** The context of the current request, if there is one. */
export function currentContext(): RequestContext | undefined {
  return running.getStore();
}
