import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';

/** As of version 13, better-sqlite3 is built on this version of Node-API, which Node.js 20 does not have. */
const NODE_API = 10;

// Not both: version 12 ends processes of Node.js 24.19 and newer when a statement is collected.
const name = Number(process.versions.napi) < NODE_API ? 'better-sqlite3' : 'better-sqlite3-13';

/** better-sqlite3, in the version for this Node.js. */
export const SQLite: typeof BetterSqlite3 = createRequire(import.meta.url)(name);
