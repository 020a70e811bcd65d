import type { computeRpc } from '@mini-nova/compute/rpcapi';
import type { ArgsOf, ResultOf } from '@mini-nova/messaging';
import type { RequestContext } from '@mini-nova/service';
import type { ComputeHost } from '../compute-host.ts';

export type ComputeMethod = keyof typeof computeRpc.methods;

/** What a host does when a method of the compute RPC API is called. */
export type ComputeOperation<M extends ComputeMethod> = (
  host: ComputeHost,
  ctxt: RequestContext,
  args: ArgsOf<typeof computeRpc, M>,
) => Answer<ResultOf<typeof computeRpc, M>>;

type Answer<R> = [R] extends [undefined] ? Promise<void> : Promise<R>;
