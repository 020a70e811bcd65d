import { DatabaseUnavailable } from '@mini-nova/database/errors';
import { remoteErrors } from '@mini-nova/messaging';

/** A record of this key is there already. Nova lets oslo.db's DBDuplicateEntry through. */
export class DuplicateEntry extends Error {
  override readonly name = 'DuplicateEntry';
  readonly code = 'DUPLICATE_ENTRY';
}

/** How our message begins. Nova's has the driver's text only. */
const outagePrefix = /^The database is away: /;

remoteErrors.register({
  module: 'oslo_db.exception',
  class: 'DBConnectionError',
  type: DatabaseUnavailable,
  // Whatever the server knows of the outcome, its caller knows only that it got no answer.
  fromFailure: ({ message }) =>
    new DatabaseUnavailable(message.replace(outagePrefix, ''), { outcome: 'unknown' }),
});
remoteErrors.register({
  module: 'oslo_db.exception',
  class: 'DBDuplicateEntry',
  type: DuplicateEntry,
  fromFailure: ({ message }) => new DuplicateEntry(message),
});
