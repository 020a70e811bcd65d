/** The stable states of an instance (`vm_state`), with Nova's values. */
export const VmState = {
  ACTIVE: 'active',
  BUILDING: 'building',
  STOPPED: 'stopped',
  ERROR: 'error',
  DELETED: 'deleted',
} as const;
