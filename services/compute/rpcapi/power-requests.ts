import { type PowerOperationName, powerOperations } from '@mini-nova/domain/operations';
import type { OneCastOptions, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { ComputeAPI } from './compute-api.ts';

/** Those that there are: a row that asks for another is refused below. */
type Method = Extract<(typeof powerOperations)[PowerOperationName]['request']['method'], keyof ComputeAPI>;

/** A method, and its arguments besides the instance. The table of operations is checked against this type. */
type PowerRequest = {
  [M in Method]: { method: M; args: Omit<Parameters<ComputeAPI[M]>[1], 'instance'> };
}[Method];

type Send = (ctxt: RpcContext, args: { instance: Instance }, options?: OneCastOptions) => Promise<void>;

/** Asks the instance's compute for a power operation. @throws InstanceHasNoHost */
export async function requestPowerOperation(
  compute: Pick<ComputeAPI, Method>,
  ctxt: RpcContext,
  name: PowerOperationName,
  instance: Instance,
  options: OneCastOptions = {},
): Promise<void> {
  const { method, args }: PowerRequest = powerOperations[name].request;
  const senders = compute as { readonly [M in Method]: Send };
  await senders[method](ctxt, { instance, ...args }, options);
}
