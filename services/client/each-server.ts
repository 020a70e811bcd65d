import type { ServerDocument } from '@mini-nova/api/documents';
import type { CommandContext } from './command.ts';
import { CommandError, EndpointUnreachable } from './errors.ts';
import { findServer } from './find.ts';

/** A server that was named, and why nothing came of it. */
export interface FailedServer {
  server: string;
  error: string;
}

/**
 * Does the work for each server named, and goes on after one for which it fails; its reason is printed at once.
 *
 * @throws EndpointUnreachable: the others would wait in vain
 */
export async function eachServer<T>(
  { nova, io }: CommandContext,
  names: readonly string[],
  work: (server: ServerDocument, name: string) => Promise<T>,
): Promise<{ done: T[]; failed: FailedServer[] }> {
  const done: T[] = [];
  const failed: FailedServer[] = [];
  for (const name of names) {
    try {
      done.push(await work(await findServer(nova, name), name));
    } catch (error) {
      if (!(error instanceof CommandError) || error instanceof EndpointUnreachable) throw error;
      failed.push({ server: name, error: error.message });
      io.err(`${error.message}\n`);
    }
  }
  return { done, failed };
}

/** @throws CommandError when there are any; `verb`: what could not be done to them */
export function failOnFailed(failed: readonly FailedServer[], verb: string): void {
  if (failed.length === 0) return;
  throw new CommandError(`ERROR (CommandError): Unable to ${verb} the specified server(s).`);
}
