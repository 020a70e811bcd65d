import { boolean, name } from './types.ts';

/** A host's name, and what Nova takes for one. */
const host = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9-._]*$' } as const;
const service = { host, binary: name } as const;

export const enableService = {
  type: 'object',
  required: ['host', 'binary'],
  additionalProperties: false,
  properties: service,
} as const;

/** Also of `disable-log-reason`, where Nova wants the reason. */
export const disableService = {
  ...enableService,
  properties: { ...service, disabled_reason: name },
} as const;

export const disableServiceWithReason = {
  ...disableService,
  required: ['host', 'binary', 'disabled_reason'],
} as const;

export const forceDownService = {
  ...enableService,
  required: ['host', 'binary', 'forced_down'],
  properties: { ...service, forced_down: boolean },
} as const;
