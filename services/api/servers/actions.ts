import { assertBody } from '../body-check.ts';
import type { Api, ApiDependencies } from '../dependencies.ts';
import { serverPath } from '../documents/values.ts';
import { BadRequest, NotFound } from '../http-errors.ts';
import { serverActions } from '../operations/index.ts';
import type { ServerAction } from '../operations/server-action.ts';

/** One key: the action's name. */
const actionBody = { type: 'object', minProperties: 1, maxProperties: 1, additionalProperties: {} } as const;

/** The schema of each action's whole body. They are kept, since Fastify compiles a schema once, by its identity. */
const schemas = new Map(
  [...serverActions].map(([name, { schema }]) => [name, { type: 'object', properties: { [name]: schema } }]),
);

export function serverActionRoutes(app: Api, dependencies: ApiDependencies): void {
  const schema = { params: serverPath, body: actionBody };
  app.post('/servers/:id/action', { schema, config: { documented } }, async (request, reply) => {
    const [name = ''] = Object.keys(request.body);
    const action = serverActions.get(name);
    if (!action) throw new BadRequest(`There is no such action: ${name.slice(0, 200)}`);
    if (action.microversions && !request.microversion.isIn(action.microversions)) {
      throw new NotFound(`API version ${request.microversion} is not supported on this method.`);
    }
    assertBody(request, schemas.get(name) ?? {});
    const { [name]: body } = request.body;
    const answer = await action.run(request.stores, request.params.id, body as never, dependencies);
    return answer ?? reply.code(202).send();
  });
}

/** Each action has its body, and some an answer. */
function documented() {
  const answers = [...serverActions.values()].flatMap(({ answer }) => answer ?? []);
  return {
    body: { oneOf: [...serverActions].map(bodyOf) },
    response: { 200: { anyOf: answers }, 202: { type: 'null' } },
  };
}

function bodyOf([name, { schema, microversions }]: [string, ServerAction]): object {
  return {
    type: 'object',
    title: name,
    required: [name],
    properties: { [name]: schema },
    additionalProperties: false,
    ...(microversions && { 'x-microversions': microversions }),
  };
}
