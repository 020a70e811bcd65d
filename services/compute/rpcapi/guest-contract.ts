import type { VirtualInterface } from '@mini-nova/domain/network-model';

/**
 * The guests of a host, for its operator. Topic `compute`, namespace `guest`, version 1.0. This is mini-nova's own; Nova
 * has no such thing.
 */
export type GuestContract = {
  /** Looks now, and counts anew what they use. */
  list_guests: { args: Record<string, never>; result: GuestRecord[] };
  /** Destroys a guest that is not recorded on this host. */
  remove_guest: { args: { instance_uuid: string }; result: Outcome };
  /** Takes the records of this compute as they are. */
  accept_records: { args: Record<string, never>; result: Outcome };
};

/**
 * What the records say of a guest that is not recorded here: its instance is deleted, it is on another host or none, or
 * there is no record at all.
 */
export type StrayState = 'deleted' | 'elsewhere' | 'unknown';

export const strayStates = ['deleted', 'elsewhere', 'unknown'] as const satisfies StrayState[];

/** `here`: it is recorded on this host. */
export type GuestState = 'here' | StrayState;

export interface GuestRecord {
  uuid: string;
  state: GuestState;
  /** The host in its record. */
  recorded_host: string | null;
  node: string;
  name: string;
  project_id: string | null;
  user_id: string | null;
  flavor_name: string;
  vcpus: number;
  /** MiB. */
  memory_mb: number;
  /** GiB. */
  disk_gb: number;
  /** One of PowerState. */
  power_state: number;
  interfaces: VirtualInterface[];
}

/** Whether something was done, and why, or why not. */
export interface Outcome {
  done: boolean;
  reason: string;
}
