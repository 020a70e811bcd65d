import type { ServiceDocument } from '@mini-nova/api/documents';
import type { Column } from './table.ts';

const CLOCK: Column<ServiceDocument> = ['Clock', (service) => textOf(service['mini-nova:clock_skew'])];

function textOf(skew: number | undefined): string {
  if (skew === undefined) return '';
  return `${Math.abs(skew).toFixed(1)} s ${skew > 0 ? 'ahead' : 'behind'}`;
}

/** The columns of a list of daemons, and one for their clocks when one of those is wrong. */
export function withClocks(
  columns: readonly Column<ServiceDocument>[],
  services: readonly ServiceDocument[],
): readonly Column<ServiceDocument>[] {
  const isWrong = (service: ServiceDocument): boolean => service['mini-nova:clock_skew'] !== undefined;
  return services.some(isWrong) ? [...columns, CLOCK] : columns;
}
