import type { Static } from 'typebox';
import { array, described, flag, integer, object, text, textOrNull, word } from './schema.ts';
import { name, yesOrNo } from './values.ts';

/** A daemon, as `os-services` shows it; one that was forced down is `down`. */
export const ServiceDocument = object(
  {
    id: integer,
    binary: textOrNull,
    host: textOrNull,
    zone: described('Computes are in an availability zone; all others are `internal`', text),
    status: word('enabled', 'disabled'),
    state: word('up', 'down'),
    updated_at: described(
      'The last heartbeat; for a service that was stopped, the last change of its record',
      textOrNull,
    ),
    disabled_reason: textOrNull,
    'mini-nova:clock_skew': described(
      "No field of Nova's, and only there when something is wrong: seconds by which the daemon's clock is ahead of the " +
        "database's, negative when behind, if that is more than one",
      { type: 'number' },
    ),
  },
  { optional: ['mini-nova:clock_skew'] },
);
export type ServiceDocument = Static<typeof ServiceDocument>;

export const ServiceListAnswer = object({ services: array(ServiceDocument) });

/** A host's name, by Nova's rules. */
const host = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9-._]*$' } as const;
const service = { host, binary: name } as const;

export const ServiceBody = object(service);
export type ServiceBody = Static<typeof ServiceBody>;

/** Also for `disable-log-reason`, where Nova requires the reason. */
export const DisableServiceBody = object(
  { ...service, disabled_reason: name },
  { optional: ['disabled_reason'] },
);
export type DisableServiceBody = Static<typeof DisableServiceBody>;

export const DisableServiceWithReasonBody = object({ ...service, disabled_reason: name });

export const ForceDownServiceBody = object({ ...service, forced_down: yesOrNo });
export type ForceDownServiceBody = Static<typeof ForceDownServiceBody>;

export const EnabledServiceAnswer = object({
  service: object({ host: text, binary: text, status: { const: 'enabled' } }),
});
export const DisabledServiceAnswer = object({
  service: object(
    { host: text, binary: text, status: { const: 'disabled' }, disabled_reason: text },
    { optional: ['disabled_reason'] },
  ),
});
export const ForcedDownServiceAnswer = object({
  service: object({ host: text, binary: text, forced_down: flag }),
});
