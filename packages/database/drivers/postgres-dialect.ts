import {
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
} from 'kysely';
import type { Repeats } from '../repeats.ts';
import type { Turns } from '../turns.ts';
import { PostgresDriver } from './postgres-driver.ts';
import { type PoolOptions, PostgresPool } from './postgres-pool.ts';

/** Connects when first used, and again after the server was away. */
export class PostgresDialect implements Dialect {
  readonly #options: PoolOptions;
  readonly #repeats: Repeats;
  readonly #turns: Turns;

  constructor(options: PoolOptions, repeats: Repeats, turns: Turns) {
    this.#options = options;
    this.#repeats = repeats;
    this.#turns = turns;
  }

  createDriver(): Driver {
    return new PostgresDriver(new PostgresPool(this.#options), this.#repeats, this.#turns);
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(database);
  }
}
