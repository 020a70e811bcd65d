import type { Api, ApiDependencies } from '../dependencies.ts';
import { AttachInterfaceBody, InterfaceAnswer, InterfaceListAnswer } from '../documents/interface.ts';
import { portPath, serverPath } from '../documents/values.ts';
import { attachInterface } from '../operations/attach-interface.ts';
import { detachInterface } from '../operations/detach-interface.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { portOfServer, portsOfServer } from './server-ports.ts';
import { interfaceDocument } from './view.ts';

export function interfaceRoutes(app: Api, dependencies: ApiDependencies): void {
  const list = { params: serverPath, response: { 200: InterfaceListAnswer } };
  app.get('/servers/:id/os-interface', { schema: list }, async (request) => {
    readParameters(noParameters, request, {});
    const ports = await portsOfServer(request.stores, request.params.id);
    return { interfaceAttachments: ports.map(interfaceDocument) };
  });

  const attach = { params: serverPath, body: AttachInterfaceBody, response: { 200: InterfaceAnswer } };
  app.post('/servers/:id/os-interface', { schema: attach }, async (request) => {
    const body: AttachInterfaceBody | null = request.body;
    const { interfaceAttachment = {} } = body ?? {};
    const port = await attachInterface(request.stores, request.params.id, interfaceAttachment, dependencies);
    return { interfaceAttachment: interfaceDocument(port) };
  });

  const show = { params: portPath, response: { 200: InterfaceAnswer } };
  app.get('/servers/:id/os-interface/:portId', { schema: show }, async (request) => {
    const { id, portId } = request.params;
    return { interfaceAttachment: interfaceDocument(await portOfServer(request.stores, id, portId)) };
  });

  const detach = { schema: { params: portPath }, config: { empty: 202 } };
  app.delete('/servers/:id/os-interface/:portId', detach, async (request, reply) => {
    const { id, portId } = request.params;
    await detachInterface(request.stores, id, portId, dependencies);
    return reply.code(202).send();
  });
}
