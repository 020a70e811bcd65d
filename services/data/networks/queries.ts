import { randomUUID } from 'node:crypto';
import { databaseTimestamp, idempotent, preparedQuery } from '@mini-nova/database';
import type { Queryable } from '../database.ts';
import { formatIpv4, parseCidr } from './ipv4.ts';
import type { NetworkRow } from './table.ts';

export interface NetworkRequest {
  label: string;
  /** IPv4, /8 to /30. Its first address is the gateway's. */
  cidr: string;
}

/**
 * The network of this label, made if it is not there. An existing one is left as it is, whatever its range: its ports
 * have addresses of it.
 * @throws InvalidCidr
 */
export async function ensureNetwork(db: Queryable, { label, cidr }: NetworkRequest): Promise<NetworkRow> {
  const gateway = formatIpv4(parseCidr(cidr).first);
  const uuid = randomUUID();
  await idempotent(db)
    .insertInto('networks')
    .values({
      uuid,
      label,
      cidr,
      gateway,
      bridge: `br-${uuid.slice(0, 11)}`,
      mtu: 1500,
      created_at: databaseTimestamp(db),
    })
    .onConflict((conflict) => conflict.column('label').doNothing())
    .execute();
  return db.selectFrom('networks').selectAll().where('label', '=', label).executeTakeFirstOrThrow();
}

export async function findNetwork(db: Queryable, uuid: string): Promise<NetworkRow | undefined> {
  const { rows } = await ofUuid(db, { uuid });
  return rows[0];
}

const ofUuid = preparedQuery((db: Queryable, { uuid }: { uuid: string }) =>
  db.selectFrom('networks').selectAll().where('uuid', '=', uuid),
);

export async function findNetworkByLabel(db: Queryable, label: string): Promise<NetworkRow | undefined> {
  const { rows } = await ofLabel(db, { label });
  return rows[0];
}

const ofLabel = preparedQuery((db: Queryable, { label }: { label: string }) =>
  db.selectFrom('networks').selectAll().where('label', '=', label),
);

/** Oldest first. */
export async function listNetworks(db: Queryable): Promise<NetworkRow[]> {
  return db.selectFrom('networks').selectAll().orderBy('created_at').orderBy('uuid').execute();
}
