import type { ServiceStore } from '@mini-nova/data/services/store';

/** Whether the compute of the host would serve a request. */
export async function isComputeUp(
  { services, serviceDownTime }: { services: ServiceStore; serviceDownTime: number },
  host: string | null,
): Promise<boolean> {
  if (host === null) return false;
  const service = await services.getByHostAndBinary(host, 'nova-compute');
  return service !== undefined && services.isUp(service, serviceDownTime);
}
