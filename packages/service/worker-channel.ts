import cluster from 'node:cluster';

/** What a worker tells its primary once it serves. */
const STARTED = { type: 'mini-nova:started' } as const;

export function tellStarted(): void {
  // A primary that is gone needs no news; the worker learns of it by `disconnect`.
  process.send?.(STARTED, undefined, undefined, () => {});
}

export function isStarted(message: unknown): boolean {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === STARTED.type
  );
}

/**
 * In a worker only its primary forces an exit. SIGINT is the terminal's, which sends it to all processes, and a
 * repeated SIGTERM the service manager's, which does so, too: the primary gets them as well. A worker whose
 * primary has died stops.
 */
export function onPrimaryStops({ onStop }: { onStop(reason: string): void }): () => void {
  const onTerm = () => onStop('SIGTERM');
  const ignore = () => {};
  const onDisconnect = () => onStop('the primary process is gone');
  // Otherwise Node.js ends the worker on the spot.
  if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
  process.once('SIGTERM', onTerm);
  process.on('SIGTERM', ignore);
  process.on('SIGINT', ignore);
  process.once('disconnect', onDisconnect);
  return () => {
    process.off('SIGTERM', onTerm);
    process.off('disconnect', onDisconnect);
  };
}
