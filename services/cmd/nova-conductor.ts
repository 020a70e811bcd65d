import { composeConductor } from './compose/conductor.ts';
import { openMigrated } from './compose/database.ts';
import { createStores } from './compose/stores.ts';
import { serviceTransport } from './compose/transport.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-conductor',
  description: 'Orchestrates builds, and keeps the records of those who have no database.',
  workers: 'conductor.workers',
  workerCount: (config) => config.conductor.workers,
  compose: async ({ config, logger }) => {
    const transport = serviceTransport({ config, logger, name: 'nova-conductor' });
    const db = await openMigrated(config, logger);
    const release = () => db.close();
    return composeConductor({ config, logger, transport, db, stores: createStores(db), release });
  },
});
