import type { Instance } from '@mini-nova/objects';
import type { FastifyInstance } from 'fastify';
import { serverOfProject } from '../compute/server-of-project.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { Link } from '../documents/link.ts';
import type { CreateServerBody } from '../documents/server.ts';
import { itemLinks } from '../links.ts';
import { ServerCreation } from '../operations/build.ts';
import { ServerDeletion } from '../operations/delete.ts';
import { contextOfRequest, linkBaseOf } from '../request-state.ts';
import { createServer } from '../schemas/servers.ts';
import { isYes } from '../schemas/types.ts';
import { serverBrief, serverDocument } from '../views/server.ts';
import { ServerListing } from './server-listing.ts';

interface WithId {
  Params: { id: string };
}

export function serverRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  addCreation(app, new ServerCreation(dependencies));
  addLists(app, dependencies);

  const { instances } = dependencies;
  app.get<WithId>('/servers/:id', async (request) => {
    const instance = await serverOfProject(instances, contextOfRequest(request), request.params.id);
    const fault = await instances.latestFault(instance.uuid);
    return { server: serverDocument(instance, fault, linkBaseOf(request)) };
  });

  const deletion = new ServerDeletion(dependencies);
  app.delete<WithId>('/servers/:id', async (request, reply) => {
    await deletion.delete(contextOfRequest(request), request.params.id);
    return reply.code(204).send();
  });
}

function addCreation(app: FastifyInstance, creation: ServerCreation): void {
  app.post<{ Body: CreateServerBody }>(
    '/servers',
    { schema: { body: createServer } },
    async (request, reply) => {
      const { server } = request.body;
      const { instances, reservationId, adminPassword } = await creation.create(
        contextOfRequest(request),
        server,
      );
      reply.code(202);
      const [first] = instances;
      if (isYes(server.return_reservation_id) || !first) return { reservation_id: reservationId };
      const links = itemLinks(linkBaseOf(request), 'servers', first.uuid);
      reply.header('location', links[0]?.href);
      return { server: createdServer(first, links, adminPassword) };
    },
  );
}

function addLists(app: FastifyInstance, dependencies: ApiDependencies): void {
  const listing = new ServerListing(dependencies);

  app.get('/servers', async (request) => {
    const { instances, links } = await listing.page(request, 'servers');
    const base = linkBaseOf(request);
    return { servers: instances.map((instance) => serverBrief(instance, base)), ...links };
  });

  app.get('/servers/detail', async (request) => {
    const { instances, links } = await listing.page(request, 'servers/detail');
    const faults = await dependencies.instances.latestFaults(instances.map(({ uuid }) => uuid));
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
