/** The state of a guest in its hypervisor (`power_state`), with Nova's values. */
export const PowerState = {
  NOSTATE: 0,
  RUNNING: 1,
  PAUSED: 3,
  SHUTDOWN: 4,
  CRASHED: 6,
  SUSPENDED: 7,
} as const;

export type PowerState = (typeof PowerState)[keyof typeof PowerState];

const names: Readonly<Record<PowerState, string>> = {
  [PowerState.NOSTATE]: 'pending',
  [PowerState.RUNNING]: 'running',
  [PowerState.PAUSED]: 'paused',
  [PowerState.SHUTDOWN]: 'shutdown',
  [PowerState.CRASHED]: 'crashed',
  [PowerState.SUSPENDED]: 'suspended',
};

/** The name that Nova's notifications use for the number in a record. Undefined: there is no such state. */
export function powerStateName(number: number): string | undefined {
  return (names as { readonly [number: number]: string })[number];
}
