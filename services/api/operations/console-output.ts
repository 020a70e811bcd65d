import { object, text } from '../documents/schema.ts';
import { serverAction } from './server-action.ts';
import { assertHostUp } from './service-check.ts';

/** The most lines that a request can ask for. */
const MOST_LINES = 2 ** 31 - 1;

/** Control characters that a console may hold and a terminal or parser should not get. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const CONTROLS = /[\x00-\x08\x0b-\x0c\x0e-\x1f]/g;

/**
 * What the guest wrote to its console: the last lines, or all.
 *
 * @throws InstanceNotFound, Conflict when it is on no host yet, ServiceUnavailable, MessagingTimeout
 */
export const consoleOutput = serverAction({
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      length: {
        anyOf: [
          { type: 'integer', minimum: -1 },
          { type: 'string', pattern: '^(-1|[0-9]+)$' },
          { type: 'null' },
        ],
      },
    },
  },
  answer: object({ output: text }),
  async run(stores, uuid, { length = null }, { compute, settings }) {
    const lines = length === null || Number(length) < 0 ? null : Math.min(Number(length), MOST_LINES);
    const instance = await stores.instances.get(uuid);
    await assertHostUp(instance, stores, settings);
    const output = await compute.getConsoleOutput(stores.ctxt, { instance, tail_length: lines });
    return { output: output.replace(CONTROLS, '') };
  },
});
