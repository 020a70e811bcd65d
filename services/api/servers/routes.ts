import type { Instance } from '@mini-nova/objects';
import type { Api, ApiDependencies } from '../dependencies.ts';
import type { Link } from '../documents/link.ts';
import {
  CreatedServerAnswer,
  CreateServerBody,
  ServerAnswer,
  ServerDetailAnswer,
  ServerListAnswer,
} from '../documents/server.ts';
import { isYes, serverPath } from '../documents/values.ts';
import { itemLinks } from '../links.ts';
import { ServerCreation } from '../operations/build.ts';
import { ServerDeletion } from '../operations/delete.ts';
import { linkBaseOf } from '../request-state.ts';
import { serverPage } from './listing.ts';
import { serverParameters } from './query.ts';
import { serverBrief, serverDocument } from './view.ts';

export function serverRoutes(app: Api, dependencies: ApiDependencies): void {
  addCreation(app, new ServerCreation(dependencies));
  addLists(app, dependencies);

  const show = { params: serverPath, response: { 200: ServerAnswer } };
  app.get('/servers/:id', { schema: show }, async (request) => {
    const { instances } = request.stores;
    const instance = await instances.get(request.params.id);
    const fault = await instances.latestFault(instance);
    return { server: serverDocument(instance, fault, linkBaseOf(request)) };
  });

  const deletion = new ServerDeletion(dependencies);
  const remove = { schema: { params: serverPath }, config: { empty: 204 } };
  app.delete('/servers/:id', remove, async (request, reply) => {
    await deletion.delete(request.stores, request.params.id);
    return reply.code(204).send();
  });
}

function addCreation(app: Api, creation: ServerCreation): void {
  app.post(
    '/servers',
    { schema: { body: CreateServerBody, response: { 202: CreatedServerAnswer } } },
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

function addLists(app: Api, { settings }: ApiDependencies): void {
  const config = { query: serverParameters };
  app.get('/servers', { schema: { response: { 200: ServerListAnswer } }, config }, async (request) => {
    const { instances, links } = await serverPage(request, 'servers', settings);
    const base = linkBaseOf(request);
    return { servers: instances.map((instance) => serverBrief(instance, base)), ...links };
  });

  app.get(
    '/servers/detail',
    { schema: { response: { 200: ServerDetailAnswer } }, config },
    async (request) => {
      const { instances, among, links } = await serverPage(request, 'servers/detail', settings);
      const faults = await among.latestFaults(instances);
      const base = linkBaseOf(request);
      const servers = instances.map((instance) => serverDocument(instance, faults.get(instance.uuid), base));
      return { servers, ...links };
    },
  );
}

function createdServer(instance: Instance, links: Link[], adminPass: string) {
  return {
    id: instance.uuid,
    links,
    adminPass,
    'OS-DCF:diskConfig': instance.auto_disk_config ? ('AUTO' as const) : ('MANUAL' as const),
    security_groups: [{ name: 'default' }],
  };
}
