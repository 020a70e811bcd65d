import { inspect } from 'node:util';
import { RemoteError } from './errors.ts';
import { isJsonObject, type JsonObject, textOr } from './json.ts';
import { reasonText } from './logger.ts';
import { type Failure, isRpcModule, type RemoteErrorType, remoteErrors } from './remote-errors.ts';

/** The native errors for which Python has a class of its own, so that a Python peer rebuilds it. */
const PYTHON_BUILTINS: Record<string, string> = {
  Error: 'Exception',
  TypeError: 'TypeError',
  RangeError: 'ValueError',
};
/** The module of error classes that are not registered: no peer rebuilds them, and their name arrives. */
const UNREGISTERED_MODULE = 'javascript';
const MAX_CAUSES = 5;

/** An error's wire form, as JSON text. Never throws, whatever was thrown at it. */
export function serializeFailure(error: unknown): string {
  try {
    return JSON.stringify(describe(error));
  } catch {
    // It throws when it is looked at, or has something that is no JSON where an error has text.
    return JSON.stringify(nativeFailure(reasonText(error)));
  }
}

/** Which errors are rebuilt. */
export interface DeserializeFailureOptions {
  /** The modules whose registered classes may be rebuilt; default: all that are registered. */
  allowedModules?: readonly string[];
}

/**
 * The error of a wire form: one of a registered class, whose `cause` is then the RemoteError with the remote
 * traceback, or that RemoteError itself. Never throws.
 */
export function deserializeFailure(text: string, options: DeserializeFailureOptions = {}): Error {
  const failure = parseFailure(text);
  const remote = new RemoteError({
    excType: failure.class,
    module: failure.module,
    value: failure.message,
    traceback: failure.tb,
    args: failure.args,
    kwargs: failure.kwargs,
  });
  return rebuild(failure, remote, options) ?? remote;
}

function rebuild(
  failure: Failure,
  remote: RemoteError,
  { allowedModules }: DeserializeFailureOptions,
): Error | undefined {
  const entry = remoteErrors.byName(failure.module, failure.class);
  if (entry?.fromFailure === undefined) return undefined;
  const allowed = allowedModules === undefined || allowedModules.includes(failure.module);
  if (!allowed && !isRpcModule(failure.module)) return undefined;
  try {
    const error = entry.fromFailure(failure);
    if (error.cause === undefined && Object.isExtensible(error)) {
      Object.defineProperty(error, 'cause', { value: remote, writable: true, configurable: true });
    }
    return error;
  } catch {
    // A peer of another version may send fields that the class here cannot take. Its name and message still
    // reach the caller, as RemoteError.
    return undefined;
  }
}

function describe(error: unknown): Failure {
  if (error instanceof RemoteError) return passOn(error);
  if (!(error instanceof Error)) {
    return nativeFailure(typeof error === 'string' ? error : inspect(error));
  }
  const entry = remoteErrors.byError(error);
  const message = asText(error.message);
  return {
    ...(entry === undefined ? nameOf(error) : { class: entry.class, module: entry.module }),
    message,
    tb: traceback(error),
    args: [message],
    kwargs: kwargsOf(error, entry),
  };
}

function nativeFailure(message: string): Failure {
  return { class: 'Exception', module: 'builtins', message, tb: [], args: [message], kwargs: {} };
}

/** An error's fields may contain anything. */
function asText(field: unknown): string {
  return typeof field === 'string' ? field : reasonText(field);
}

function kwargsOf(error: Error, entry: RemoteErrorType | undefined): JsonObject {
  if (entry?.toKwargs === undefined) return {};
  try {
    return JSON.parse(JSON.stringify(entry.toKwargs(error))) as JsonObject;
  } catch {
    // Data fields that are not JSON (a cycle, a bigint) must not cost the caller the error itself.
    return {};
  }
}

/** An error that came from a third process travels on as what it was there. */
function passOn(error: RemoteError): Failure {
  return {
    class: error.excType,
    module: error.module,
    message: error.value,
    tb: [...error.traceback],
    args: [...error.args],
    kwargs: error.kwargs,
  };
}

function nameOf(error: Error): Pick<Failure, 'class' | 'module'> {
  // A subclass that does not set `name` inherits 'Error'.
  const name = error.name === 'Error' ? error.constructor.name : error.name;
  const builtin = Object.hasOwn(PYTHON_BUILTINS, name) ? PYTHON_BUILTINS[name] : undefined;
  if (builtin !== undefined) return { class: builtin, module: 'builtins' };
  return { class: /^[A-Za-z_]\w*$/.test(name) ? name : 'Exception', module: UNREGISTERED_MODULE };
}

/** The stack's lines, and those of its causes, each with its newline as Python formats them. */
function traceback(error: Error): string[] {
  const lines: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < MAX_CAUSES; depth += 1) {
    if (depth > 0) lines.push('Caused by:');
    lines.push(...asText(current.stack ?? `${current.name}: ${current.message}`).split('\n'));
    if (current instanceof RemoteError) lines.push(...current.traceback.map((line) => line.trimEnd()));
    current = current.cause;
  }
  return lines.map((line) => `${line}\n`);
}

function parseFailure(text: string): Failure {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  // A failure in an unknown form is still a failure: its text becomes the value.
  const fields = isJsonObject(parsed) ? parsed : { message: text };
  return {
    class: textOr(fields.class, 'Exception'),
    module: textOr(fields.module, ''),
    message: textOr(fields.message, ''),
    tb: Array.isArray(fields.tb) ? fields.tb.filter((line) => typeof line === 'string') : [],
    args: Array.isArray(fields.args) ? fields.args : [],
    kwargs: isJsonObject(fields.kwargs) ? fields.kwargs : {},
  };
}
