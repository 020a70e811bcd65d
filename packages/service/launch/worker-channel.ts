import cluster, { type Worker } from 'node:cluster';
import type { Findings } from '../observability/readiness.ts';
import type { StopOptions } from './launchable.ts';
import type { LauncherState } from './launcher.ts';
import type { LauncherOrders } from './service-launcher.ts';
import { listen } from './signals.ts';

/** What a primary tells a worker. */
export type Order =
  | { type: 'mini-nova:stop'; options: StopOptions }
  | { type: 'mini-nova:reload' }
  | { type: 'mini-nova:report' }
  | { type: 'mini-nova:check'; id: number }
  /** Answered at once, like a `check` without checks. */
  | { type: 'mini-nova:ping'; id: number };

/** What a worker tells its primary. */
export type WorkerNews =
  | { type: 'mini-nova:state'; state: LauncherState }
  /** The answer to `check`. */
  | { type: 'mini-nova:checked'; id: number; findings: Findings };

/** What a worker does when its primary asks for it. */
export interface WorkerOrders extends LauncherOrders {
  /** Resolves with the checks' remarks. */
  onCheck(): Promise<Findings>;
}

/** Nothing is sent to a worker that has gone. */
export function order(worker: Worker, message: Order): void {
  if (worker.isConnected()) worker.send(message, () => {});
}

/** Nothing is sent to a primary that has gone: the worker learns of that by `disconnect`. */
export function tellPrimary(news: WorkerNews): void {
  process.send?.(news, undefined, undefined, () => {});
}

export function isWorkerNews(message: unknown): message is WorkerNews {
  return hasOurType(message);
}

/**
 * Orders of the primary, and signals. A SIGTERM to the worker alone asks to have it replaced; only its primary makes
 * it exit at once. SIGINT comes from the terminal, which sends it to the primary as well. A worker whose primary has
 * died stops.
 */
export function onPrimaryOrders(orders: WorkerOrders): () => void {
  const onMessage = (message: unknown): void => {
    if (isOrder(message)) obey(message, orders);
  };
  const onDisconnect = (): void => orders.onStop('the primary process is gone', {});
  // Otherwise Node.js ends the worker on the spot.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
  process.on('message', onMessage);
  process.once('disconnect', onDisconnect);
  let told = false;
  const unlisten = listen({
    SIGTERM: (signal) => {
      // A service manager may send it to the whole group, and repeat it.
      if (!told) orders.onStop(signal, { replaced: true });
      told = true;
    },
    SIGINT: () => {},
    SIGHUP: () => orders.onReload(),
    SIGUSR2: () => orders.onReport(),
  });
  return () => {
    process.off('message', onMessage);
    process.off('disconnect', onDisconnect);
    unlisten();
  };
}

function obey(message: Order, orders: WorkerOrders): void {
  switch (message.type) {
    case 'mini-nova:stop':
      orders.onStop('told by the primary', message.options);
      break;
    case 'mini-nova:reload':
      orders.onReload();
      break;
    case 'mini-nova:report':
      orders.onReport();
      break;
    case 'mini-nova:ping':
      tellPrimary({ type: 'mini-nova:checked', id: message.id, findings: { failures: {}, remarks: {} } });
      break;
    case 'mini-nova:check':
      void orders
        .onCheck()
        .then((findings) => tellPrimary({ type: 'mini-nova:checked', id: message.id, findings }));
      break;
  }
}

function isOrder(message: unknown): message is Order {
  return hasOurType(message);
}

function hasOurType(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  return typeof message.type === 'string' && message.type.startsWith('mini-nova:');
}
