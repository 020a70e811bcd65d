import type { HostState } from './host-state.ts';
import type { ScheduleRequest } from './schedule-request.ts';

/** The hosts that the request itself allows, before any filter. Host names to ignore are compared without case. */
export function requestedHosts(hosts: readonly HostState[], request: ScheduleRequest): HostState[] {
  const { destination, forceHosts, forceNodes } = request;
  const ignored = new Set(request.ignoreHosts.map((host) => host.toLowerCase()));
  return hosts.filter(
    ({ host, nodename }) =>
      !ignored.has(host.toLowerCase()) &&
      (destination === null || (host === destination.host && nodename === (destination.node ?? nodename))) &&
      (forceHosts.length === 0 || forceHosts.includes(host)) &&
      (forceNodes.length === 0 || forceNodes.includes(nodename)),
  );
}
