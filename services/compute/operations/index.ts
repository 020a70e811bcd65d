import { computeRpc } from '@mini-nova/compute/rpcapi';
import { powerOperationOf, powerOperations } from '@mini-nova/domain/operations';
import type { ArgsOf, RpcRequest } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { KeyedQueue, RequestContext } from '@mini-nova/service';
import type { ComputeHost } from '../compute-host.ts';
import { attachInterface } from './attach-interface.ts';
import { build } from './build.ts';
import { consoleOutput } from './console-output.ts';
import { deleteInstance } from './delete.ts';
import { detachInterface } from './detach-interface.ts';
import type { ComputeMethod, ComputeOperation } from './operation.ts';
import { pause } from './pause.ts';
import { reboot } from './reboot.ts';
import { start } from './start.ts';
import { stop } from './stop.ts';
import { unpause } from './unpause.ts';

/** The operation that serves each method of the compute RPC API. */
const operations: { readonly [M in ComputeMethod]: ComputeOperation<M> } = {
  buildAndRunInstance: build,
  terminateInstance: deleteInstance,
  startInstance: start,
  stopInstance: stop,
  rebootInstance: reboot,
  pauseInstance: pause,
  unpauseInstance: unpause,
  attachInterface,
  detachInterface,
  getConsoleOutput: consoleOutput,
};

/** The compute RPC API, served by a host. `caller` aborts when the caller goes away. */
export type ComputeEndpoint = {
  readonly [M in ComputeMethod]: (
    ctxt: RequestContext,
    args: ArgsOf<typeof computeRpc, M>,
    caller?: RpcRequest,
  ) => ReturnType<ComputeOperation<M>>;
};

/** These do not wait for their instance's turn, or wait in a way of their own. */
const unordered: ReadonlySet<ComputeMethod> = new Set(['buildAndRunInstance', 'getConsoleOutput']);

export function serveOperations(host: ComputeHost): ComputeEndpoint {
  const all = Object.entries(operations) as [ComputeMethod, AnyOperation][];
  const served = all.map(([method, operation]) => [method, serve(host, method, operation)]);
  return Object.fromEntries(served) as ComputeEndpoint;
}

/** Methods that concern only the host have no instance. */
interface AnyArgs {
  instance?: Instance;
}

type AnyOperation = (host: ComputeHost, ctxt: RequestContext, args: AnyArgs) => Promise<unknown>;

function serve(host: ComputeHost, method: ComputeMethod, operation: AnyOperation) {
  const isAwaited = computeRpc.methods[method].kind === 'call';
  return (ctxt: RequestContext, args: AnyArgs, caller?: RpcRequest) => {
    const step = () => operation(host, ctxt, args);
    if (unordered.has(method)) return step();
    return inTurn(host.locks, args, step, isAwaited ? caller : undefined);
  };
}

/** Operations on one instance run one after another; those without an instance run at once. */
export function inTurn<T>(
  locks: KeyedQueue,
  { instance }: AnyArgs,
  step: () => Promise<T>,
  caller?: RpcRequest,
): Promise<T> {
  return instance ? locks.run(instance.uuid, step, caller) : step();
}

/** Repeats, from its beginning, the operation that the task state names. Call it in the instance's turn. */
export async function repeatPowerOperation(
  host: ComputeHost,
  ctxt: RequestContext,
  instance: Instance,
): Promise<void> {
  const name = powerOperationOf(instance.task_state);
  if (name === undefined) return;
  const { method, args } = powerOperations[name].request;
  const repeat: AnyOperation = operations[method] as never;
  await repeat(host, ctxt, { instance, ...args });
}
