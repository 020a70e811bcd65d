import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { StoresFor } from '@mini-nova/data/request-stores';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { ComputeDependencies, ComputeSettings } from './operations/dependencies.ts';

/** Where routes are added. Their bodies and answers have the types of their schemas. */
export type Api = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ApiSettings extends ComputeSettings {
  /** Items in one answer at most. */
  readonly maxLimit: number;
}

/** What routes work with. The database is reached by `request.stores` alone. */
export interface ApiDependencies extends ComputeDependencies {
  settings: ApiSettings;
}

/** All that the REST API works with. */
export interface ApiParts extends ApiDependencies {
  storesFor: StoresFor;
}
