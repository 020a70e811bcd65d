/** The stable states of an instance (`vm_state`), with Nova's values. */
export const VmState = {
  ACTIVE: 'active',
  BUILDING: 'building',
  STOPPED: 'stopped',
  ERROR: 'error',
  DELETED: 'deleted',
  // No operation here leads into these; a record may be in one nevertheless.
  PAUSED: 'paused',
  SUSPENDED: 'suspended',
  RESCUED: 'rescued',
  RESIZED: 'resized',
  SOFT_DELETED: 'soft-delete',
  SHELVED: 'shelved',
  SHELVED_OFFLOADED: 'shelved_offloaded',
} as const;
