/** The names of the endpoint's options in nova.conf. */
const OPTIONS = 'the options [observability] listen and port';

/** The observability endpoint cannot listen at its address; `cause` is the system's error. */
export class ObservabilityListenError extends Error {
  override readonly name = 'ObservabilityListenError';
  readonly code = 'OBSERVABILITY_LISTEN';
  readonly address: string;
  readonly port: number;

  constructor(address: string, port: number, cause: Error) {
    super(
      `Cannot serve the observability endpoint on ${address} port ${port}: ${reasonOf(cause)} (${OPTIONS})`,
      {
        cause,
      },
    );
    this.address = address;
    this.port = port;
  }
}

const REASONS: Record<string, string> = {
  EADDRINUSE: 'another process listens there already',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'this process may not use the port',
  ENOTFOUND: 'there is no such host name',
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.message;
}
