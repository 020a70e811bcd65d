import { randomUUID } from 'node:crypto';
import type { Database, Queryable } from '@mini-nova/data/database';
import {
  listMigrations,
  type MigrationFilters,
  MigrationStore,
} from '@mini-nova/data/instance-migrations/store';
import { lockInstance } from '@mini-nova/data/instances/queries';
import { isUniqueViolation } from '@mini-nova/database';
import { DuplicateEntry, InstanceNotFound } from '@mini-nova/domain/exceptions';
import { MigrationStatus } from '@mini-nova/domain/states/migration-status';
import { Migration } from '@mini-nova/objects';
import { type ActionArguments, type ActionTable, on } from './action.ts';

/** The statuses in which Nova shows a live migration to users as in progress. */
const inProgress = [
  MigrationStatus.QUEUED,
  MigrationStatus.PREPARING,
  MigrationStatus.RUNNING,
  MigrationStatus.POST_MIGRATING,
];

export function migrationActions(db: Database, migrations: MigrationStore): ActionTable {
  return {
    onClass: {
      'Migration.get_by_uuid': (args) => migrations.get({ uuid: args.text(0, 'migration_uuid') }),
      'Migration.get_by_id': (args) => migrations.get({ id: Number(args.get(0, 'migration_id')) }),
      'MigrationList.get_in_progress_by_host_and_node': (args) =>
        migrations.list({ host: args.text(0, 'host'), node: args.text(1, 'node'), underWay: true }),
      'MigrationList.get_in_progress_by_instance': (args) => {
        const type = args.get(1, 'migration_type');
        const instanceUuids = [args.text(0, 'instance_uuid')];
        const types = typeof type === 'string' ? { types: [type] } : {};
        return migrations.list({ instanceUuids, statuses: inProgress, ...types });
      },
      'MigrationList.get_by_filters': (args) => migrations.list(filtersOf(args)),
    },
    onObject: {
      'Migration.create': on(Migration, (migration) => create(db, migration)),
      'Migration.save': on(Migration, async (migration) => {
        await migrations.save(migration);
      }),
    },
  };
}

/** @throws InstanceNotFound for a deleted instance: with it all its migrations are over, and none may begin */
async function create(db: Database, migration: Migration): Promise<void> {
  if (!migration.has('uuid')) migration.uuid = randomUUID();
  const { uuid, instance_uuid } = migration;
  const work = async (trx: Queryable) => {
    if (instance_uuid !== null && !(await lockInstance(trx, instance_uuid))) {
      throw new InstanceNotFound({ instance_id: instance_uuid });
    }
    await new MigrationStore(trx).create(migration);
  };
  const isMade = async (on: Queryable) =>
    (await listMigrations(on, { uuids: [uuid], deleted: 'any' })).length > 0;
  try {
    await db.transaction(work, { lostCommit: isMade });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new DuplicateEntry(`Migration ${uuid} exists`, { cause: error });
  }
}

/** Those of Nova's filters by which moves are looked for. */
function filtersOf(args: ActionArguments): MigrationFilters {
  const known = [
    'uuid',
    'instance_uuid',
    'host',
    'source_compute',
    'status',
    'migration_type',
    'hidden',
    'user_id',
    'project_id',
  ] as const;
  const { uuid, instance_uuid, host, source_compute, status, migration_type, hidden, user_id, project_id } =
    args.filters(0, 'filters', known);
  return {
    ...(uuid !== undefined && { uuids: textsOf(uuid) }),
    ...(instance_uuid !== undefined && { instanceUuids: textsOf(instance_uuid) }),
    ...(typeof host === 'string' && { host }),
    ...(typeof source_compute === 'string' && { sourceCompute: source_compute }),
    ...(status !== undefined && { statuses: textsOf(status) }),
    ...(migration_type !== undefined && { types: textsOf(migration_type) }),
    ...(typeof hidden === 'boolean' && { hidden }),
    ...(typeof user_id === 'string' && { userId: user_id }),
    ...(typeof project_id === 'string' && { projectId: project_id }),
  };
}

/** One, or a list. */
function textsOf(value: unknown): string[] {
  return [value].flat().map(String);
}
