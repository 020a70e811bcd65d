import type { RpcEvent, RpcHooks } from '@mini-nova/messaging';
import type { LeveledLogger } from './logging.ts';

/** Writes one line per RPC at each end, on level debug. */
export function rpcLog(logger: LeveledLogger): RpcHooks {
  return {
    onRpc: (event) => {
      if (logger.isLevelEnabled('debug')) logger.debug(fieldsOf(event), messageOf(event));
    },
  };
}

function messageOf({ side, error }: RpcEvent): string {
  const done = side === 'client' ? 'RPC sent' : 'RPC served';
  return error === undefined ? done : `${done}, with an error`;
}

function fieldsOf({ kind, method, target, ctxt, duration, error }: RpcEvent): object {
  const { topic = null, server = null, namespace } = target;
  return {
    ...requestOf(ctxt),
    kind,
    method,
    topic,
    server,
    ...(namespace !== null && { namespace }),
    elapsed_ms: Math.round(duration * 1000) / 1000,
    // Its text is for whoever gets the error, and may contain anything.
    ...(error !== undefined && { error: error instanceof Error ? error.name : typeof error }),
  };
}

/** The RPC's own request id, even where no request scope is left. */
function requestOf(ctxt: object): { request_id?: string } {
  const { request_id } = ctxt as { request_id?: unknown };
  return typeof request_id === 'string' ? { request_id } : {};
}
