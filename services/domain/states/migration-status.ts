/** Why an instance moves (`migration_type`), with Nova's values. */
export const MigrationType = {
  /** To another host, with the same flavor, turned off meanwhile. */
  MIGRATION: 'migration',
  /** To another flavor, on another host or the same. */
  RESIZE: 'resize',
  LIVE_MIGRATION: 'live-migration',
  /** Rebuilt on another host, since its own is down. */
  EVACUATION: 'evacuation',
} as const;

/** How far a migration has got (`status`), with Nova's values. */
export const MigrationStatus = {
  QUEUED: 'queued',
  ACCEPTED: 'accepted',
  PREPARING: 'preparing',
  PRE_MIGRATING: 'pre-migrating',
  RUNNING: 'running',
  MIGRATING: 'migrating',
  POST_MIGRATING: 'post-migrating',
  /** The instance is on its new host, and the user has to confirm or revert that. */
  FINISHED: 'finished',
  CONFIRMING: 'confirming',
  CONFIRMED: 'confirmed',
  REVERTING: 'reverting',
  REVERTED: 'reverted',
  /** The end of a live migration, and of an evacuation whose source was cleaned up. */
  COMPLETED: 'completed',
  /** An evacuation whose source is not cleaned up yet. */
  DONE: 'done',
  ERROR: 'error',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
} as const;

export type MigrationStatus = (typeof MigrationStatus)[keyof typeof MigrationStatus];

/** Where the instance of a migration in this status is. */
type Course =
  /** On both hosts, or on one and expected on the other: each keeps what it has of the instance. */
  | 'under way'
  /** On the destination for good: what is left on the source is no longer the instance's. */
  | 'has left the source'
  /** On the source for good. */
  | 'has left the destination'
  /** Where its record says. What the other host still has is unknown. */
  | 'failed';

const courses: Readonly<Record<MigrationStatus, Course>> = {
  queued: 'under way',
  accepted: 'under way',
  preparing: 'under way',
  'pre-migrating': 'under way',
  running: 'under way',
  migrating: 'under way',
  'post-migrating': 'under way',
  finished: 'under way',
  confirming: 'under way',
  reverting: 'under way',
  confirmed: 'has left the source',
  completed: 'has left the source',
  done: 'has left the source',
  reverted: 'has left the destination',
  error: 'failed',
  failed: 'failed',
  cancelled: 'failed',
};

/** As in Nova's queries, a migration in any other status is under way, even in an unknown one. */
export const statusesOver: readonly string[] = Object.entries(courses)
  .filter(([, course]) => course !== 'under way')
  .map(([status]) => status);

/** The fields of a migration's record that say where its instance is. */
export interface MigrationCourse {
  status: string | null;
  source_compute: string | null;
  dest_compute: string | null;
}

export function isUnderWay({ status }: Pick<MigrationCourse, 'status'>): boolean {
  return !statusesOver.includes(status ?? '');
}

/** The host from which the migration has taken the instance's guest for good; undefined: none that it shows. */
export function hostLeft({ status, source_compute, dest_compute }: MigrationCourse): string | undefined {
  if (source_compute === dest_compute) return undefined;
  const course: Course | undefined = courses[status as MigrationStatus];
  if (course === 'has left the source') return source_compute ?? undefined;
  return course === 'has left the destination' ? (dest_compute ?? undefined) : undefined;
}
