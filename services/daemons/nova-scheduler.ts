import { databaseServiceParts } from './compose/daemon-parts.ts';
import { composeScheduler } from './compose/scheduler.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-scheduler',
  description: 'Chooses hosts for instances, and claims their resources.',
  workers: 'scheduler.workers',
  workerCount: (config) => config.scheduler.workers,
  compose: async (daemon) => composeScheduler(await databaseServiceParts(daemon)),
});
