/** The value of each action of `POST /servers/{id}/action`, by the action's name. */
export const serverActions = {
  'os-start': { type: ['null', 'object'], maxProperties: 0 },
  'os-stop': { type: ['null', 'object'], maxProperties: 0 },
  reboot: {
    type: 'object',
    required: ['type'],
    additionalProperties: false,
    // Nova takes either case.
    properties: { type: { type: 'string', enum: ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft'] } },
  },
  'os-getConsoleOutput': {
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
} as const;

export type ServerActionName = keyof typeof serverActions;
