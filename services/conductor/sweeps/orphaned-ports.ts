import { type Database, databaseNow, listEndedDevices, releasePorts } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';

export interface OrphanedPortsOptions {
  db: Database;
  logger: Logger;
}

/** Frees the ports of instances that will never use them: a failed build, or a deletion, could not give them back. */
export async function releaseOrphanedPorts({ db, logger }: OrphanedPortsOptions): Promise<void> {
  for (const uuid of await listEndedDevices(db.kysely)) {
    await db.transaction((trx) => releasePorts(trx, { deviceUuid: uuid, at: databaseNow(db).toISOString() }));
    logger.warn({ instance_uuid: uuid }, 'Released the ports of an instance that has ended');
  }
}
