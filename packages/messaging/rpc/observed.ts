import type { RpcEvent } from '../observer.ts';
import type { Transport } from '../transport.ts';

/** What a client's observers are told of an RPC, beside its times and its outcome. */
export type Observed = Pick<RpcEvent, 'kind' | 'target' | 'method' | 'ctxt'>;

/** Sends, and tells the transport's observers how it went. */
export function observed<T>(transport: Transport, rpc: Observed, send: () => Promise<T>): Promise<T> {
  return transport.observers.length === 0 ? send() : observe(transport, rpc, send);
}

async function observe<T>(transport: Transport, rpc: Observed, send: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const start = performance.now();
  const notify = (outcome: { error?: unknown }) =>
    transport.notifyObservers({
      side: 'client',
      transportName: transport.name,
      ...rpc,
      startedAt,
      duration: performance.now() - start,
      ...outcome,
    });
  try {
    const result = await send();
    notify({});
    return result;
  } catch (error) {
    notify({ error });
    throw error;
  }
}
