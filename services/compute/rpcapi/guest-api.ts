import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { type ClientFactory, call, clientOf, defineRpc, type } from '@mini-nova/messaging';

/**
 * What the records say of a guest that is not recorded on its host: its instance is deleted; a migration that is over has
 * moved it to another host; its record names another host or none, and no migration says why; or it has no record.
 */
export type StrayState = 'deleted' | 'moved' | 'elsewhere' | 'unknown';

export const strayStates = ['deleted', 'moved', 'elsewhere', 'unknown'] as const satisfies StrayState[];

/** `here`: it is recorded on this host; `moving`: a migration under way takes it from or to this host. */
export type GuestState = 'here' | 'moving' | StrayState;

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

/** Whether the request was carried out, and the reason. */
export interface Outcome {
  done: boolean;
  reason: string;
}

/** The guests of a host, for its operator. This API is mini-nova's own: Nova has none like it. */
export const guestRpc = defineRpc(
  { topic: 'compute', namespace: 'guest', version: '1.0' },
  {
    /** Looks at the guests now, and recounts what they use. */
    listGuests: call('list_guests', { since: '1.0', to: 'server', result: type<GuestRecord[]>() }),
    /** Destroys a guest that is not recorded on this host. */
    removeGuest: call('remove_guest', {
      since: '1.0',
      to: 'server',
      args: type<{ instance_uuid: string }>(),
      result: type<Outcome>(),
    }),
    /** Accepts the records of this compute as they are. */
    acceptRecords: call('accept_records', { since: '1.0', to: 'server', result: type<Outcome>() }),
  },
);

/** The client side of the guest API. */
export class GuestAPI extends clientOf(guestRpc) {
  constructor(rpc: ClientFactory, { timeout }: { timeout: number }) {
    super(rpc, { timeout, retry: 0 });
  }
}
