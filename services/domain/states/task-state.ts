import { type Patience, untilBuilt, untilSettled } from './patience.ts';
import type { ServerStatus, VmState } from './vm-state.ts';

/** The task that is under way on an instance (`task_state`), with Nova's values; null: none. */
export const TaskState = {
  SCHEDULING: 'scheduling',
  BLOCK_DEVICE_MAPPING: 'block_device_mapping',
  NETWORKING: 'networking',
  SPAWNING: 'spawning',
  IMAGE_SNAPSHOT: 'image_snapshot',
  IMAGE_SNAPSHOT_PENDING: 'image_snapshot_pending',
  IMAGE_PENDING_UPLOAD: 'image_pending_upload',
  IMAGE_UPLOADING: 'image_uploading',
  IMAGE_BACKUP: 'image_backup',
  UPDATING_PASSWORD: 'updating_password',
  RESIZE_PREP: 'resize_prep',
  RESIZE_MIGRATING: 'resize_migrating',
  RESIZE_MIGRATED: 'resize_migrated',
  RESIZE_FINISH: 'resize_finish',
  RESIZE_REVERTING: 'resize_reverting',
  RESIZE_CONFIRMING: 'resize_confirming',
  REBOOTING: 'rebooting',
  REBOOT_PENDING: 'reboot_pending',
  REBOOT_STARTED: 'reboot_started',
  REBOOTING_HARD: 'rebooting_hard',
  REBOOT_PENDING_HARD: 'reboot_pending_hard',
  REBOOT_STARTED_HARD: 'reboot_started_hard',
  PAUSING: 'pausing',
  UNPAUSING: 'unpausing',
  SUSPENDING: 'suspending',
  RESUMING: 'resuming',
  POWERING_OFF: 'powering-off',
  POWERING_ON: 'powering-on',
  RESCUING: 'rescuing',
  UNRESCUING: 'unrescuing',
  REBUILDING: 'rebuilding',
  REBUILD_BLOCK_DEVICE_MAPPING: 'rebuild_block_device_mapping',
  REBUILD_SPAWNING: 'rebuild_spawning',
  MIGRATING: 'migrating',
  DELETING: 'deleting',
  SOFT_DELETING: 'soft-deleting',
  RESTORING: 'restoring',
  SHELVING: 'shelving',
  SHELVING_IMAGE_PENDING_UPLOAD: 'shelving_image_pending_upload',
  SHELVING_IMAGE_UPLOADING: 'shelving_image_uploading',
  SHELVING_OFFLOADING: 'shelving_offloading',
  UNSHELVING: 'unshelving',
} as const;

export type TaskState = (typeof TaskState)[keyof typeof TaskState];

/** The daemon whose turn it is with the instance. */
export type TaskOwner = 'conductor' | 'compute' | 'nobody';

/**
 * What the owner does about the task when the owner starts again:
 *
 * - `repeat`: carries out the operation from the beginning
 * - `repeat unless done`: the same, unless the guest shows that the operation is done
 * - `give up`: undoes what was begun, and puts the instance into ERROR
 * - `nothing`
 */
export type AtStart = 'repeat' | 'repeat unless done' | 'give up' | 'nothing';

/**
 * What happens to the task when it makes no progress:
 *
 * - `end the build`: ERROR with a fault; what the build held is given back
 * - `finish the deletion`: the compute is asked until the guest is gone; without a compute, or if it is down, only the records go
 * - `finish the power change`: the compute is asked again; in the end the task is cleared, with a fault
 * - `clear the task`: the task is cleared, with a fault that names it
 */
export type WhenStuck =
  | 'end the build'
  | 'finish the deletion'
  | 'finish the power change'
  | 'clear the task';

/** The share of the task's time after which its compute is asked again. */
interface Repeated {
  readonly askedAgainAfter: number;
}

/** The possible plans for a task: daemons do nothing else. */
type TaskPlan = Patience &
  (
    | { readonly owner: 'conductor'; readonly atStart: 'nothing'; readonly whenStuck: 'end the build' }
    | { readonly owner: 'compute'; readonly atStart: 'give up'; readonly whenStuck: 'end the build' }
    | (Repeated & {
        readonly owner: 'compute';
        readonly atStart: 'repeat';
        readonly whenStuck: 'finish the deletion';
      })
    | (Repeated & {
        readonly owner: 'compute';
        readonly atStart: 'repeat' | 'repeat unless done';
        readonly whenStuck: 'finish the power change';
      })
    | { readonly owner: 'nobody'; readonly atStart: 'nothing'; readonly whenStuck: 'clear the task' }
  );

export type TaskStateRow = TaskPlan & {
  /** The status that users see, where it differs from that of the vm_state, as in Nova. */
  readonly status?: { readonly [S in VmState]?: ServerStatus };
};

const built = { ...untilBuilt, owner: 'compute', atStart: 'give up', whenStuck: 'end the build' } as const;
const repeated = { ...untilSettled, owner: 'compute', atStart: 'repeat', askedAgainAfter: 1 / 2 } as const;
const powerChanged = { ...repeated, whenStuck: 'finish the power change' } as const;
/** For tasks that no operation here passes through. A record with one was left by another control plane. */
const unowned = {
  ...untilSettled,
  owner: 'nobody',
  atStart: 'nothing',
  whenStuck: 'clear the task',
} as const;

const rebooting = { active: 'REBOOT' } as const;
const rebootingHard = { active: 'HARD_REBOOT' } as const;
const rebuilding = { active: 'REBUILD', stopped: 'REBUILD', error: 'REBUILD' } as const;
const resizing = { active: 'RESIZE', stopped: 'RESIZE' } as const;

/**
 * Every task_state: who owns it, and what happens when that daemon starts again or makes no progress. A power change can only
 * be finished if an operation in `operations` passes through it: otherwise `taskRule` says that nobody owns the task.
 */
export const taskStates = {
  scheduling: { ...built, owner: 'conductor', atStart: 'nothing' },
  block_device_mapping: built,
  networking: built,
  spawning: built,
  image_snapshot: unowned,
  image_snapshot_pending: unowned,
  image_pending_upload: unowned,
  image_uploading: unowned,
  image_backup: unowned,
  updating_password: { ...unowned, status: { active: 'PASSWORD' } },
  resize_prep: { ...unowned, status: resizing },
  resize_migrating: { ...unowned, status: resizing },
  resize_migrated: { ...unowned, status: resizing },
  resize_finish: { ...unowned, status: resizing },
  resize_reverting: { ...unowned, status: { resized: 'REVERT_RESIZE' } },
  resize_confirming: unowned,
  rebooting: { ...powerChanged, status: rebooting },
  reboot_pending: { ...powerChanged, status: rebooting },
  reboot_started: { ...powerChanged, atStart: 'repeat unless done', status: rebooting },
  rebooting_hard: { ...powerChanged, status: rebootingHard },
  reboot_pending_hard: { ...powerChanged, status: rebootingHard },
  reboot_started_hard: { ...powerChanged, atStart: 'repeat unless done', status: rebootingHard },
  pausing: { ...powerChanged, atStart: 'repeat unless done' },
  unpausing: { ...powerChanged, atStart: 'repeat unless done' },
  suspending: { ...powerChanged, atStart: 'repeat unless done' },
  resuming: { ...powerChanged, atStart: 'repeat unless done' },
  'powering-off': powerChanged,
  'powering-on': powerChanged,
  rescuing: unowned,
  unrescuing: unowned,
  rebuilding: { ...unowned, status: rebuilding },
  rebuild_block_device_mapping: { ...unowned, status: rebuilding },
  rebuild_spawning: { ...unowned, status: rebuilding },
  migrating: { ...unowned, status: { active: 'MIGRATING', paused: 'MIGRATING' } },
  deleting: { ...repeated, whenStuck: 'finish the deletion' },
  'soft-deleting': unowned,
  restoring: unowned,
  shelving: unowned,
  shelving_image_pending_upload: unowned,
  shelving_image_uploading: unowned,
  shelving_offloading: unowned,
  unshelving: unowned,
} as const satisfies Record<TaskState, TaskStateRow>;

/** The row of a task that nobody owns. */
export const unownedTask: TaskStateRow = unowned;

export function isTaskState(text: string | null): text is TaskState {
  return text !== null && Object.hasOwn(taskStates, text);
}
