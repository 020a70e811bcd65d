import type { FastifyInstance } from 'fastify';
import { portOfServer, portsOfServer } from '../compute/server-ports.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { AttachInterfaceBody } from '../documents/interface.ts';
import { attachInterface } from '../operations/attach-interface.ts';
import { detachInterface } from '../operations/detach-interface.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { attachInterface as attachInterfaceBody } from '../schemas/interfaces.ts';
import { interfaceDocument } from '../views/interface.ts';

interface InterfaceParams {
  id: string;
  portId: string;
}

export function interfaceRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  app.get<{ Params: { id: string } }>('/servers/:id/os-interface', async (request) => {
    readParameters(noParameters, request.query, {});
    const ports = await portsOfServer(request.stores, request.params.id);
    return { interfaceAttachments: ports.map(interfaceDocument) };
  });

  app.post<{ Params: { id: string }; Body: AttachInterfaceBody | null }>(
    '/servers/:id/os-interface',
    { schema: { body: attachInterfaceBody } },
    async (request) => {
      const { interfaceAttachment = {} } = request.body ?? {};
      const port = await attachInterface(
        request.stores,
        request.params.id,
        interfaceAttachment,
        dependencies,
      );
      return { interfaceAttachment: interfaceDocument(port) };
    },
  );

  app.get<{ Params: InterfaceParams }>('/servers/:id/os-interface/:portId', async (request) => {
    const { id, portId } = request.params;
    return {
      interfaceAttachment: interfaceDocument(await portOfServer(request.stores, id, portId)),
    };
  });

  app.delete<{ Params: InterfaceParams }>('/servers/:id/os-interface/:portId', async (request, reply) => {
    const { id, portId } = request.params;
    await detachInterface(request.stores, id, portId, dependencies);
    return reply.code(202).send();
  });
}
