import type { Database, Queryable } from '@mini-nova/data/database';
import { listEndedDevices, releasePorts } from '@mini-nova/data/ports/queries';
import { databaseTimestamp } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';

export interface OrphanedPortsOptions {
  db: Database;
  logger: Logger;
}

/** Frees the ports of instances that will never use them: a failed build, or a deletion, could not give them back. */
export async function releaseOrphanedPorts({ db, logger }: OrphanedPortsOptions): Promise<void> {
  for (const uuid of await listEndedDevices(db.kysely)) {
    const release = (trx: Queryable) => releasePorts(trx, { deviceUuid: uuid, at: databaseTimestamp(trx) });
    await db.transaction(release, { lostCommit: 'repeat' });
    logger.warn({ instance_uuid: uuid }, 'Released the ports of an instance that has ended');
  }
}
