import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { consoleOutput } from '../compute/console-output.ts';
import { ServerPower } from '../compute/power.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ConsoleOutputBody, RebootBody } from '../documents/server-actions.ts';
import { BadRequest } from '../http-errors.ts';
import { contextOfRequest } from '../request-state.ts';
import { type ServerActionName, serverActions } from '../schemas/server-actions.ts';
import { mainFailure, type SchemaFailure, validationMessage } from '../validation-message.ts';

interface ActionRoute {
  Params: { id: string };
  /** One key: the action's name. */
  Body: Record<string, unknown>;
}

type ActionRequest = FastifyRequest<ActionRoute>;
type Action = (request: ActionRequest, reply: FastifyReply) => Promise<unknown>;

const actionBody = { type: 'object', minProperties: 1, maxProperties: 1 } as const;

/** Of the whole body of each action. They are compiled once: Fastify knows a schema again by its identity. */
const actionSchemas = Object.fromEntries(
  Object.entries(serverActions).map(([name, schema]) => [
    name,
    { type: 'object', properties: { [name]: schema } },
  ]),
) as Record<ServerActionName, object>;

/** Lines of a console that a request can ask for. */
const MOST_LINES = 2 ** 31 - 1;

/** Control characters that a console may hold and a terminal or parser should not get. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const CONTROLS = /[\x00-\x08\x0b-\x0c\x0e-\x1f]/g;

export function serverActionRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  const actions: Record<ServerActionName, Action> = {
    ...powerActions(new ServerPower(dependencies)),
    'os-getConsoleOutput': consoleAction(dependencies),
  };

  app.post<ActionRoute>('/servers/:id/action', { schema: { body: actionBody } }, async (request, reply) => {
    const [name = ''] = Object.keys(request.body);
    if (!isAction(name)) throw new BadRequest(`There is no such action: ${name.slice(0, 200)}`);
    checkAction(request, name);
    return actions[name](request, reply);
  });
}

function powerActions(power: ServerPower): Record<'os-start' | 'os-stop' | 'reboot', Action> {
  return {
    'os-start': async (request, reply) => {
      await power.start(contextOfRequest(request), request.params.id);
      return reply.code(202).send();
    },
    'os-stop': async (request, reply) => {
      await power.stop(contextOfRequest(request), request.params.id);
      return reply.code(202).send();
    },
    reboot: async (request, reply) => {
      const { type } = request.body.reboot as RebootBody;
      const rebootType = type.toUpperCase() === 'HARD' ? 'HARD' : 'SOFT';
      await power.reboot(contextOfRequest(request), request.params.id, rebootType);
      return reply.code(202).send();
    },
  };
}

function consoleAction(dependencies: ApiDependencies): Action {
  return async (request) => {
    const { length = null } = request.body['os-getConsoleOutput'] as ConsoleOutputBody;
    const lines = length === null || Number(length) < 0 ? null : Math.min(Number(length), MOST_LINES);
    const output = await consoleOutput(contextOfRequest(request), request.params.id, lines, dependencies);
    return { output: output.replace(CONTROLS, '') };
  };
}

function isAction(name: string): name is ServerActionName {
  return Object.hasOwn(serverActions, name);
}

/** @throws BadRequest */
function checkAction(request: ActionRequest, name: ServerActionName): void {
  const validate = request.compileValidationSchema(actionSchemas[name]);
  if (validate(request.body)) return;
  const failure = mainFailure((validate.errors ?? []) as SchemaFailure[]);
  throw new BadRequest(failure ? validationMessage(failure) : `Invalid input for action ${name}.`);
}
