import type { Flag } from './server.ts';

/** A daemon, as `os-services` shows it; one that was forced down is `down`. */
export interface ServiceDocument {
  id: number;
  binary: string | null;
  host: string | null;
  /** Computes are in an availability zone; all others are `internal`. */
  zone: string;
  status: 'enabled' | 'disabled';
  state: 'up' | 'down';
  /** The last heartbeat; of a service that has stopped in order, the last change of its record. */
  updated_at: string | null;
  disabled_reason: string | null;
  /**
   * No field of Nova's, and only there when something is wrong: seconds by which the daemon's clock is ahead of the
   * database's, negative when behind, if that is more than one.
   */
  'mini-nova:clock_skew'?: number;
}

export interface ServiceBody {
  host: string;
  binary: string;
}

export interface DisableServiceBody extends ServiceBody {
  disabled_reason?: string;
}

export interface ForceDownServiceBody extends ServiceBody {
  forced_down: Flag;
}
