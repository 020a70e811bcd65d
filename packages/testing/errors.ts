/** A server that a test needs can be neither found nor started here; the message says what to run. */
export class TestServerUnavailable extends Error {
  readonly code = 'test_server_unavailable';
  readonly server: string;

  constructor(server: string, help: string, options?: { cause?: unknown }) {
    super(`No ${server} for the tests. ${help}`, options);
    this.name = 'TestServerUnavailable';
    this.server = server;
  }
}

/** A child process that a test started ended or stayed silent where it should not have. */
export class ChildProcessError extends Error {
  readonly code = 'child_process';
  readonly output: string;

  constructor(message: string, output: string) {
    super(output === '' ? message : `${message}\n${output}`);
    this.name = 'ChildProcessError';
    this.output = output;
  }
}
