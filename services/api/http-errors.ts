/** Names of OpenStack's error bodies, by HTTP status. */
const faultNames: Record<number, string> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** `{"badRequest": {"code": 400, "message": "…"}}` */
export type FaultDocument = Record<string, { code: number; message: string }>;

export function faultDocument(status: number, message: string): FaultDocument {
  return { [faultNames[status] ?? 'computeFault']: { code: status, message } };
}

/** A request that is answered with an error; the message is for the user. */
export class HttpError extends Error {
  readonly code: string = 'HTTP_ERROR';
  readonly statusCode: number;

  constructor(statusCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.statusCode = statusCode;
  }
}

/** The request has a wrong value, or a reference to something that does not exist. */
export class BadRequest extends HttpError {
  override readonly code = 'BAD_REQUEST';

  constructor(message: string, options?: ErrorOptions) {
    super(400, message, options);
  }
}

/** What the URL names does not exist. */
export class NotFound extends HttpError {
  override readonly code = 'NOT_FOUND';

  constructor(message: string, options?: ErrorOptions) {
    super(404, message, options);
  }
}

/** The request does not fit the present state. */
export class Conflict extends HttpError {
  override readonly code = 'CONFLICT';

  constructor(message: string, options?: ErrorOptions) {
    super(409, message, options);
  }
}

/** The message bus, the database or a daemon that is needed is away. */
export class Unavailable extends HttpError {
  override readonly code = 'UNAVAILABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(503, message, options);
  }
}
