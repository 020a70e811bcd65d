import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestDescription } from '../driver.ts';

/** A guest of the fake driver. */
export interface FakeGuest extends GuestDescription {
  console: string[];
}

/**
 * The guests of one host, by instance uuid. With a folder they are kept in a file there, and outlive the process as those
 * of a hypervisor do: once `keep` has returned, a kill loses nothing. Without a folder they are gone with the process.
 */
export class FakeGuests {
  readonly guests: Map<string, FakeGuest>;
  readonly #file: string | undefined;

  /** @throws Error of the file system, SyntaxError when the file is not ours */
  constructor(host: string, folder: string) {
    this.#file = folder === '' ? undefined : join(folder, `${host}.json`);
    if (this.#file !== undefined) mkdirSync(folder, { recursive: true });
    this.guests = new Map(this.#file === undefined ? [] : Object.entries(readGuests(this.#file)));
  }

  get outliveTheProcess(): boolean {
    return this.#file !== undefined;
  }

  /** To be called after each change. */
  keep(): void {
    if (this.#file === undefined) return;
    // A reader, or a start after a kill, sees the guests either before the change or after it.
    const next = `${this.#file}.next`;
    writeFileSync(next, JSON.stringify(Object.fromEntries(this.guests)));
    renameSync(next, this.#file);
  }
}

/** The guests that a file holds, by instance uuid; none when it is not there. */
export function readGuests(file: string): Record<string, FakeGuest> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
