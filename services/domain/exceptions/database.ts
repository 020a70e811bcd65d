import { DatabaseUnavailable } from '@mini-nova/database/errors';
import { remoteErrors } from '@mini-nova/messaging';

/** A record with this key already exists. Nova lets oslo.db's DBDuplicateEntry through. */
export class DuplicateEntry extends Error {
  override readonly name = 'DuplicateEntry';
  readonly code = 'DUPLICATE_ENTRY';
}

/** The beginning of our message. Nova's is only the driver's text. */
const outagePrefix = /^The database is away: /;

remoteErrors.register({
  module: 'oslo_db.exception',
  class: 'DBConnectionError',
  type: DatabaseUnavailable,
  // Whatever the server knew of the outcome, its caller does not know whether the request was carried out.
  fromFailure: ({ message }) =>
    new DatabaseUnavailable(message.replace(outagePrefix, ''), { outcome: 'unknown' }),
});
remoteErrors.register({
  module: 'oslo_db.exception',
  class: 'DBDuplicateEntry',
  type: DuplicateEntry,
  fromFailure: ({ message }) => new DuplicateEntry(message),
});
