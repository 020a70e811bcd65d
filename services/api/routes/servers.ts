import type { Instance } from '@mini-nova/objects';
import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import type { Link } from '../documents/link.ts';
import type { CreateServerBody } from '../documents/server.ts';
import { itemLinks } from '../links.ts';
import { ServerCreation } from '../operations/build.ts';
import { ServerDeletion } from '../operations/delete.ts';
import { linkBaseOf } from '../request-state.ts';
import { createServer } from '../schemas/servers.ts';
import { isYes } from '../schemas/types.ts';
import { serverBrief, serverDocument } from '../views/server.ts';
import { serverPage } from './server-listing.ts';

interface WithId {
  Params: { id: string };
}

export function serverRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  addCreation(app, new ServerCreation(dependencies));
  addLists(app, dependencies);

  app.get<WithId>('/servers/:id', async (request) => {
    const { instances } = request.stores;
    const instance = await instances.get(request.params.id);
    const fault = await instances.latestFault(instance);
    return { server: serverDocument(instance, fault, linkBaseOf(request)) };
  });

  const deletion = new ServerDeletion(dependencies);
  app.delete<WithId>('/servers/:id', async (request, reply) => {
    await deletion.delete(request.stores, request.params.id);
    return reply.code(204).send();
  });
}

function addCreation(app: FastifyInstance, creation: ServerCreation): void {
  app.post<{ Body: CreateServerBody }>(
    '/servers',
    { schema: { body: createServer } },
    async (request, reply) => {
      const { server } = request.body;
      const { instances, reservationId, adminPassword } = await creation.create(request.stores, server);
      reply.code(202);
      const [first] = instances;
      if (isYes(server.return_reservation_id) || !first) return { reservation_id: reservationId };
      const links = itemLinks(linkBaseOf(request), 'servers', first.uuid);
      reply.header('location', links[0]?.href);
      return { server: createdServer(first, links, adminPassword) };
    },
  );
}

function addLists(app: FastifyInstance, { settings }: ApiDependencies): void {
  app.get('/servers', async (request) => {
    const { instances, links } = await serverPage(request, 'servers', settings);
    const base = linkBaseOf(request);
    return { servers: instances.map((instance) => serverBrief(instance, base)), ...links };
  });

  app.get('/servers/detail', async (request) => {
    const { instances, among, links } = await serverPage(request, 'servers/detail', settings);
    const faults = await among.latestFaults(instances);
    const base = linkBaseOf(request);
    const servers = instances.map((instance) => serverDocument(instance, faults.get(instance.uuid), base));
    return { servers, ...links };
  });
}

function createdServer(instance: Instance, links: Link[], adminPass: string) {
  return {
    id: instance.uuid,
    links,
    adminPass,
    'OS-DCF:diskConfig': instance.auto_disk_config ? 'AUTO' : 'MANUAL',
    security_groups: [{ name: 'default' }],
  };
}
