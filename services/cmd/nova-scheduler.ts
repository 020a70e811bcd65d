import { openMigrated } from './compose/database.ts';
import { composeScheduler } from './compose/scheduler.ts';
import { createStores } from './compose/stores.ts';
import { serviceTransport } from './compose/transport.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-scheduler',
  description: 'Chooses hosts for instances, and claims their resources.',
  workers: 'scheduler.workers',
  workerCount: (config) => config.scheduler.workers,
  compose: async ({ config, logger }) => {
    const transport = serviceTransport({ config, logger, name: 'nova-scheduler' });
    const db = await openMigrated(config, logger);
    const release = () => db.close();
    return composeScheduler({ config, logger, transport, db, stores: createStores(db), release });
  },
});
