/** python-novaclient's names of the HTTP errors. */
const httpErrorNames: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  413: 'OverLimit',
  429: 'RateLimit',
  501: 'HTTPNotImplemented',
};

/** A command failed for a reason the user can read: the message is all that is printed. Exit code 1. */
export class CommandError extends Error {
  readonly code: string = 'COMMAND_ERROR';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The API answered with an error. */
export class ApiError extends CommandError {
  override readonly code = 'API_ERROR';
  /** HTTP status. */
  readonly status: number;
  readonly requestId: string | null;

  constructor({ status, message, requestId }: { status: number; message: string; requestId: string | null }) {
    const id = requestId ? ` (Request-ID: ${requestId})` : '';
    const name = httpErrorNames[status] ?? 'ClientException';
    super(`ERROR (${name}): ${message} (HTTP ${status})${id}`);
    this.status = status;
    this.requestId = requestId;
  }
}

/** Nobody answered at the endpoint, or not in time. */
export class EndpointUnreachable extends CommandError {
  override readonly code = 'ENDPOINT_UNREACHABLE';
}

/** The command line is wrong. Exit code 2. */
export class UsageError extends CommandError {
  override readonly code = 'USAGE';
}
