/** Why an instance moves (`migration_type`), with Nova's values. */
export const MigrationType = {
  /** To another host, with the same flavor, turned off meanwhile. */
  MIGRATION: 'migration',
  /** To another flavor, on another host or the same. */
  RESIZE: 'resize',
  LIVE_MIGRATION: 'live-migration',
  /** Built anew elsewhere, as its host is down. */
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
  /** The instance is on its new host, and its user is to confirm or to revert that. */
  FINISHED: 'finished',
  CONFIRMING: 'confirming',
  CONFIRMED: 'confirmed',
  REVERTING: 'reverting',
  REVERTED: 'reverted',
  /** A live migration; an evacuation whose source was cleaned up. */
  COMPLETED: 'completed',
  /** An evacuation. */
  DONE: 'done',
  ERROR: 'error',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
} as const;

export type MigrationStatus = (typeof MigrationStatus)[keyof typeof MigrationStatus];

/** Where an instance is that a migration in this status moves. */
type Course =
  /** On both hosts, or on one and to be expected on the other: each keeps what it has of the instance. */
  | 'under way'
  /** On the destination for good: what is left on the source is no longer the instance's. */
  | 'has left the source'
  /** On the source for good. */
  | 'has left the destination'
  /** Where its record says. What the other host has, nobody says. */
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

/** As Nova's queries have it: in every other status, also one that nobody knows, a migration is under way. */
export const statusesOver: readonly string[] = Object.entries(courses)
  .filter(([, course]) => course !== 'under way')
  .map(([status]) => status);

/** What of a migration's record says where its instance is. */
export interface MigrationCourse {
  status: string | null;
  source_compute: string | null;
  dest_compute: string | null;
}

export function isUnderWay({ status }: Pick<MigrationCourse, 'status'>): boolean {
  return !statusesOver.includes(status ?? '');
}

/** The host from which the migration has taken the instance's guest, for good; undefined: none, as far as it says. */
export function hostLeft({ status, source_compute, dest_compute }: MigrationCourse): string | undefined {
  if (source_compute === dest_compute) return undefined;
  const course: Course | undefined = courses[status as MigrationStatus];
  if (course === 'has left the source') return source_compute ?? undefined;
  return course === 'has left the destination' ? (dest_compute ?? undefined) : undefined;
}
