import { portFlag } from './command-line.ts';
import { composeApi } from './compose/api.ts';
import { openMigrated } from './compose/database.ts';
import { createStores } from './compose/stores.ts';
import { serviceTransport } from './compose/transport.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-api',
  description: 'Serves the OpenStack compute REST API.',
  flags: [portFlag],
  workers: 'DEFAULT.osapi_compute_workers',
  workerCount: (config) => config.DEFAULT.osapi_compute_workers,
  compose: async ({ config, logger }) => {
    const transport = serviceTransport({ config, logger, name: 'nova-api' });
    const db = await openMigrated(config, logger);
    const release = () => db.close();
    return composeApi({ config, logger, transport, db, stores: createStores(db), release });
  },
});
