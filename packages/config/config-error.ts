export type ConfigProblemCode =
  | 'INVALID_VALUE'
  | 'UNKNOWN_REFERENCE'
  | 'UNPARSABLE_LINE'
  | 'UNREADABLE_FILE'
  | 'UNKNOWN_OPTION';

/** One thing that is wrong, and where. */
export interface ConfigProblem {
  code: ConfigProblemCode;
  /** Where the value came from: `/etc/nova/nova.conf:12`, `environment variable OS_…`, `--host`, `default`. */
  source: string;
  file?: string;
  /** Counted from 1. */
  line?: number;
  /** `[group] name`. */
  option?: string;
  /** The value as it was written, with passwords masked. */
  value?: string;
  /** What is allowed, as the end of "must be …". */
  allowed?: string;
  /** Anything else worth saying. */
  detail?: string;
}

/**
 * The configuration cannot be used. It holds every problem found, and its message has one line for each; the
 * fields of the first are its own. Mains print the message and exit with 2.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigProblemCode;
  readonly source: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly option: string | undefined;
  readonly value: string | undefined;
  readonly allowed: string | undefined;
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly [ConfigProblem, ...ConfigProblem[]]) {
    super(problems.map(describeProblem).join('\n'));
    const [first] = problems;
    this.code = first.code;
    this.source = first.source;
    this.file = first.file;
    this.line = first.line;
    this.option = first.option;
    this.value = first.value;
    this.allowed = first.allowed;
    this.problems = problems;
  }
}

/** The error of an option, `[group] name`, that names something which is not among what there is. */
export function unknownName(option: string, value: string, known: readonly string[]): ConfigError {
  const allowed = `among ${known.join(', ')}`;
  return new ConfigError([{ code: 'INVALID_VALUE', source: 'configuration', option, value, allowed }]);
}

/** The problem of a file or directory that the system does not let us read. */
export function unreadable(path: string, error: unknown, kind: 'file' | 'directory'): ConfigProblem {
  if (!(error instanceof Error && 'code' in error)) throw error;
  return { code: 'UNREADABLE_FILE', source: path, file: path, detail: systemReason(error.code, kind) };
}

function systemReason(code: unknown, kind: string): string {
  if (code === 'ENOENT') return `no such ${kind}`;
  if (code === 'EACCES') return 'permission denied';
  if (code === 'ENOTDIR') return 'is not a directory';
  return code === 'EISDIR' ? 'is a directory' : `cannot be read (${String(code)})`;
}

function describeProblem({ source, option, value, allowed, detail }: ConfigProblem): string {
  const assignment = option === undefined ? '' : `${option} = ${value ?? ''}`.trimEnd();
  const must = allowed === undefined ? '' : `must be ${allowed}`;
  return [source, assignment, must, detail ?? ''].filter((part) => part !== '').join(': ');
}
