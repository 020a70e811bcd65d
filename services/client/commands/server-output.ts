import type { ServerDocument } from '@mini-nova/api/documents';
import type { Column } from '../table.ts';

const POWER_STATES: Record<number, string> = {
  0: 'NOSTATE',
  1: 'Running',
  3: 'Paused',
  4: 'Shutdown',
  6: 'Crashed',
  7: 'Suspended',
};

export const serverColumns: readonly Column<ServerDocument>[] = [
  ['ID', ({ id }) => id],
  ['Name', ({ name }) => name],
  ['Status', ({ status }) => status],
  ['Task State', (server) => server['OS-EXT-STS:task_state']],
  ['Power State', (server) => POWER_STATES[server['OS-EXT-STS:power_state'] ?? 0] ?? 'NOSTATE'],
  ['Networks', networksOf],
];

/** The properties of a server as `nova show` lists them: flat, a line per network. */
export function serverProperties(server: ServerDocument): Record<string, unknown> {
  const { links: _links, addresses, flavor, image, security_groups, ...properties } = server;
  const networks = Object.entries(addresses).map(([label, list]) => [
    `${label} network`,
    list.map(({ addr }) => addr).join(', '),
  ]);
  return {
    ...properties,
    ...Object.fromEntries(networks),
    flavor: flavor.id,
    image: image === '' ? 'no image supplied' : image.id,
    security_groups: security_groups.map(({ name }) => name).join(', '),
  };
}

/** `private=10.0.0.2; public=…` */
function networksOf({ addresses }: ServerDocument): string {
  return Object.entries(addresses)
    .map(([label, list]) => `${label}=${list.map(({ addr }) => addr).join(', ')}`)
    .join('; ');
}
