/** The stable states of an instance (`vm_state`), with Nova's values. */
export const VmState = {
  ACTIVE: 'active',
  BUILDING: 'building',
  STOPPED: 'stopped',
  PAUSED: 'paused',
  SUSPENDED: 'suspended',
  RESCUED: 'rescued',
  RESIZED: 'resized',
  SHELVED: 'shelved',
  SHELVED_OFFLOADED: 'shelved_offloaded',
  SOFT_DELETED: 'soft-delete',
  DELETED: 'deleted',
  ERROR: 'error',
} as const;

export type VmState = (typeof VmState)[keyof typeof VmState];

/** What users see as the status of a server, with Nova's names. */
export const serverStatuses = [
  'ACTIVE',
  'BUILD',
  'DELETED',
  'ERROR',
  'HARD_REBOOT',
  'MIGRATING',
  'PASSWORD',
  'PAUSED',
  'REBOOT',
  'REBUILD',
  'RESCUE',
  'RESIZE',
  'REVERT_RESIZE',
  'SHELVED',
  'SHELVED_OFFLOADED',
  'SHUTOFF',
  'SOFT_DELETED',
  'SUSPENDED',
  'UNKNOWN',
  'VERIFY_RESIZE',
] as const;

export type ServerStatus = (typeof serverStatuses)[number];

export interface VmStateRow {
  is: string;
  /** The status that users see unless the task state has another, as in Nova. */
  status: ServerStatus;
  /** Where an instance without a task is at rest. On its host it has a guest, or will get it back. */
  rests: 'on its host' | 'anywhere' | 'nowhere';
}

/** Every vm_state. The operations show which of them are reached here. */
export const vmStates = {
  active: { is: 'The guest runs.', status: 'ACTIVE', rests: 'on its host' },
  building: { is: 'It was requested, and has not run yet.', status: 'BUILD', rests: 'nowhere' },
  stopped: { is: 'The guest is off.', status: 'SHUTOFF', rests: 'on its host' },
  paused: { is: 'The guest is frozen in memory.', status: 'PAUSED', rests: 'on its host' },
  suspended: { is: 'The memory of the guest is on disk.', status: 'SUSPENDED', rests: 'on its host' },
  rescued: { is: 'The guest runs from another image.', status: 'RESCUE', rests: 'on its host' },
  resized: {
    is: 'It has been moved or resized, which is to be confirmed.',
    status: 'VERIFY_RESIZE',
    rests: 'on its host',
  },
  shelved: { is: 'The guest is off, and kept as an image.', status: 'SHELVED', rests: 'on its host' },
  shelved_offloaded: {
    is: 'It is kept as an image, on no host.',
    status: 'SHELVED_OFFLOADED',
    rests: 'anywhere',
  },
  'soft-delete': { is: 'It is deleted, and can be restored.', status: 'SOFT_DELETED', rests: 'anywhere' },
  deleted: { is: 'It is deleted.', status: 'DELETED', rests: 'nowhere' },
  error: { is: 'An operation failed: the fault says why.', status: 'ERROR', rests: 'anywhere' },
} as const satisfies Record<VmState, VmStateRow>;

/** The vm_states in which an instance without a task is at rest there. */
export function vmStatesResting(where: VmStateRow['rests']): VmState[] {
  return Object.values(VmState).filter((state) => vmStates[state].rests === where);
}
