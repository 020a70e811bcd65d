import type { FastifyInstance } from 'fastify';
import { ServerInterfaces } from '../compute/interfaces.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { AttachInterfaceBody } from '../documents/interface.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { contextOfRequest } from '../request-state.ts';
import { attachInterface } from '../schemas/interfaces.ts';
import { interfaceDocument } from '../views/interface.ts';

interface InterfaceParams {
  id: string;
  portId: string;
}

export function interfaceRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  const interfaces = new ServerInterfaces(dependencies);

  app.get<{ Params: { id: string } }>('/servers/:id/os-interface', async (request) => {
    readParameters(noParameters, request.query, {});
    const ports = await interfaces.list(contextOfRequest(request), request.params.id);
    return { interfaceAttachments: ports.map(interfaceDocument) };
  });

  app.post<{ Params: { id: string }; Body: AttachInterfaceBody | null }>(
    '/servers/:id/os-interface',
    { schema: { body: attachInterface } },
    async (request) => {
      const { interfaceAttachment = {} } = request.body ?? {};
      const port = await interfaces.attach(contextOfRequest(request), request.params.id, interfaceAttachment);
      return { interfaceAttachment: interfaceDocument(port) };
    },
  );

  app.get<{ Params: InterfaceParams }>('/servers/:id/os-interface/:portId', async (request) => {
    const { id, portId } = request.params;
    return {
      interfaceAttachment: interfaceDocument(await interfaces.get(contextOfRequest(request), id, portId)),
    };
  });

  app.delete<{ Params: InterfaceParams }>('/servers/:id/os-interface/:portId', async (request, reply) => {
    const { id, portId } = request.params;
    await interfaces.detach(contextOfRequest(request), id, portId);
    return reply.code(202).send();
  });
}
