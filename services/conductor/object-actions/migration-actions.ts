import type { MigrationFilters, MigrationStore } from '@mini-nova/data/instance-migrations/store';
import { isUniqueViolation } from '@mini-nova/database';
import { DuplicateEntry } from '@mini-nova/domain/exceptions';
import { MigrationStatus } from '@mini-nova/domain/states/migration-status';
import { Migration } from '@mini-nova/objects';
import { type ActionArguments, type ActionTable, on } from './action.ts';

/** Those of Nova, in which an instance on its way has a migration in progress, as users of live migrations see it. */
const inProgress = [
  MigrationStatus.QUEUED,
  MigrationStatus.PREPARING,
  MigrationStatus.RUNNING,
  MigrationStatus.POST_MIGRATING,
];

export function migrationActions(migrations: MigrationStore): ActionTable {
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
      'Migration.create': on(Migration, (migration) => create(migrations, migration)),
      'Migration.save': on(Migration, async (migration) => {
        await migrations.save(migration);
      }),
    },
  };
}

async function create(migrations: MigrationStore, migration: Migration): Promise<void> {
  try {
    await migrations.create(migration);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new DuplicateEntry(`Migration ${migration.uuid} exists`, { cause: error });
  }
}

/** Of Nova's filters, those whose columns a move is looked for by. */
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
