import type {
  FlavorDocument,
  ImageDocument,
  NetworkDocument,
  ServerDocument,
  ServiceDocument,
} from '@mini-nova/api/documents';
import { ApiError, CommandError } from './errors.ts';
import type { NovaClient } from './nova-client.ts';

const COMPUTE = 'nova-compute';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The server with this id, or else the one with this name. */
export async function findServer(nova: NovaClient, nameOrId: string): Promise<ServerDocument> {
  if (UUID.test(nameOrId)) {
    const server = await withId(nova, nameOrId);
    if (server) return server;
  }
  const servers = await nova.listServers({ name: `^${escaped(nameOrId)}$` });
  return only(
    servers.filter(({ name }) => name === nameOrId),
    'server',
    nameOrId,
  );
}

export async function findFlavor(nova: NovaClient, nameOrId: string): Promise<FlavorDocument> {
  return byIdOrName(await nova.listFlavors({ is_public: 'None' }), 'flavor', nameOrId);
}

export async function findImage(nova: NovaClient, nameOrId: string): Promise<ImageDocument> {
  return byIdOrName(await nova.listImages(), 'image', nameOrId);
}

/** A network by id or label. */
export async function findNetwork(nova: NovaClient, nameOrId: string): Promise<NetworkDocument> {
  const networks = (await nova.listNetworks()).map((network) => ({ ...network, name: network.label }));
  return byIdOrName(networks, 'network', nameOrId);
}

/** The daemon with this id, or else the compute of this host. */
export async function findService(nova: NovaClient, hostOrId: string): Promise<ServiceDocument> {
  const services = await nova.listServices();
  const service =
    services.find(({ id }) => String(id) === hostOrId) ??
    services.find(({ host, binary }) => host === hostOrId && binary === COMPUTE);
  if (service) return service;
  throw new CommandError(
    `ERROR (CommandError): No service with the ID '${hostOrId}' and no compute on a host '${hostOrId}' exists.`,
  );
}

/** As a regular expression that means the text itself. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

async function withId(nova: NovaClient, id: string): Promise<ServerDocument | undefined> {
  try {
    return await nova.getServer(id);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function byIdOrName<T extends { id: string; name: string | null }>(
  items: T[],
  noun: string,
  nameOrId: string,
): T {
  return (
    items.find(({ id }) => id === nameOrId) ??
    only(
      items.filter(({ name }) => name === nameOrId),
      noun,
      nameOrId,
    )
  );
}

function only<T extends { id: string }>(matches: T[], noun: string, nameOrId: string): T {
  const [match, ...others] = matches;
  if (match === undefined) {
    throw new CommandError(`ERROR (CommandError): No ${noun} with a name or ID of '${nameOrId}' exists.`);
  }
  if (others.length > 0) {
    const ids = matches.map(({ id }) => `  ${id}`).join('\n');
    throw new CommandError(
      `ERROR (CommandError): Multiple ${noun} matches found for '${nameOrId}', use an ID to be more specific:\n${ids}`,
    );
  }
  return match;
}
