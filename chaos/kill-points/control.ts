import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The instructions about points for the processes of a cloud: a file in a folder that they share. */
export interface Orders {
  /** Points are counted anew for each scenario. Null: none are counted. */
  run: string | null;
  /** The point at which its process is killed. */
  killAt: string | null;
}

const IDLE: Orders = { run: null, killAt: null };

export class Control {
  readonly #orders: string;
  readonly #passed: string;

  constructor(folder: string) {
    this.#orders = join(folder, 'orders.json');
    this.#passed = join(folder, 'passed');
  }

  give(orders: Orders): void {
    const next = `${this.#orders}.next`;
    writeFileSync(next, JSON.stringify(orders));
    renameSync(next, this.#orders);
  }

  get orders(): Orders {
    return this.#read(this.#orders, (text) => JSON.parse(text) as Orders, IDLE);
  }

  /** Notes that a point was passed. */
  note(point: string): void {
    appendFileSync(this.#passed, `${point}\n`);
  }

  /** The points passed since `forget`, in the order in which they were first passed. */
  get passed(): string[] {
    const lines = this.#read(this.#passed, (text) => text.split('\n'), []);
    return [...new Set(lines.filter((line) => line !== ''))];
  }

  forget(): void {
    writeFileSync(this.#passed, '');
  }

  #read<T>(file: string, parse: (text: string) => T, missing: T): T {
    try {
      return parse(readFileSync(file, 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return missing;
      throw error;
    }
  }
}
