import { composeConductor } from './compose/conductor.ts';
import { databaseServiceParts } from './compose/daemon-parts.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-conductor',
  description: 'Orchestrates builds, and keeps the records of those who have no database.',
  workers: 'conductor.workers',
  workerCount: (config) => config.conductor.workers,
  compose: async (daemon) => composeConductor(await databaseServiceParts(daemon)),
});
