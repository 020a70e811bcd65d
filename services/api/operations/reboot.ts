import { changePower } from './power.ts';
import { serverAction } from './server-action.ts';

export const reboot = serverAction({
  schema: {
    type: 'object',
    required: ['type'],
    additionalProperties: false,
    // Nova takes either case.
    properties: { type: { type: 'string', enum: ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft'] } },
  },
  async run(stores, uuid, { type }, dependencies) {
    const isHard = type.toUpperCase() === 'HARD';
    await changePower(stores, uuid, isHard ? 'hardReboot' : 'reboot', dependencies);
    return undefined;
  },
});
