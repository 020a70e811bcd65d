import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { BadRequest } from '../http-errors.ts';
import { serverActions } from '../operations/index.ts';
import { mainFailure, type SchemaFailure, validationMessage } from '../validation-message.ts';

interface ActionRoute {
  Params: { id: string };
  /** One key: the action's name. */
  Body: Record<string, unknown>;
}

const actionBody = { type: 'object', minProperties: 1, maxProperties: 1 } as const;

/** Of the whole body of each action. They are compiled once: Fastify knows a schema again by its identity. */
const schemas = new Map(
  [...serverActions].map(([name, { schema }]) => [name, { type: 'object', properties: { [name]: schema } }]),
);

export function serverActionRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  app.post<ActionRoute>('/servers/:id/action', { schema: { body: actionBody } }, async (request, reply) => {
    const [name = ''] = Object.keys(request.body);
    const action = serverActions.get(name);
    if (!action) throw new BadRequest(`There is no such action: ${name.slice(0, 200)}`);
    checkBody(request, name);
    const { [name]: body } = request.body;
    const answer = await action.run(request.stores, request.params.id, body as never, dependencies);
    return answer ?? reply.code(202).send();
  });
}

/** @throws BadRequest */
function checkBody(request: FastifyRequest<ActionRoute>, name: string): void {
  const validate = request.compileValidationSchema(schemas.get(name) ?? {});
  if (validate(request.body)) return;
  const failure = mainFailure((validate.errors ?? []) as SchemaFailure[]);
  throw new BadRequest(failure ? validationMessage(failure) : `Invalid input for action ${name}.`);
}
