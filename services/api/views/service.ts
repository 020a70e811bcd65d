import type { Service } from '@mini-nova/objects';
import { skewText } from '@mini-nova/service';
import { lastReport } from '../../stores/service-store.ts';
import { naiveTime } from './times.ts';

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

export function serviceDocument(
  service: Service,
  { up, defaultZone, clockSkew }: { up: boolean; defaultZone: string; clockSkew?: number | undefined },
): ServiceDocument {
  const isCompute = service.binary === 'nova-compute';
  return {
    id: service.id,
    binary: service.binary,
    host: service.host,
    zone: isCompute ? (service.availability_zone ?? defaultZone) : 'internal',
    status: service.disabled ? 'disabled' : 'enabled',
    state: up ? 'up' : 'down',
    updated_at: naiveTime(lastReport(service)),
    disabled_reason: service.disabled_reason,
    ...(skewText(clockSkew) !== undefined && { 'mini-nova:clock_skew': clockSkew }),
  };
}
