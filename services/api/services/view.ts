import { lastReport } from '@mini-nova/data/request-stores';
import type { Service } from '@mini-nova/objects';
import { skewText } from '@mini-nova/service';
import type { ServiceDocument } from '../documents/service.ts';
import { naiveTime } from '../times.ts';

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
