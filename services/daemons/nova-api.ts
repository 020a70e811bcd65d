import { portFlag } from './command-line.ts';
import { composeApi } from './compose/api.ts';
import { databaseServiceParts } from './compose/daemon-parts.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-api',
  description: 'Serves the OpenStack compute REST API.',
  flags: [portFlag],
  workers: 'DEFAULT.osapi_compute_workers',
  workerCount: (config) => config.DEFAULT.osapi_compute_workers,
  compose: async (daemon) => composeApi(await databaseServiceParts(daemon)).service,
});
