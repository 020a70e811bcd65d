import type { FastifyRequest } from 'fastify';
import { BadRequest } from '../http-errors.ts';
import type { VersionRange } from '../microversion.ts';

/** One parameter of a list's query. */
export interface Parameter<Q> {
  /** Who may use it in Nova. Everyone who reaches this API is an administrator. */
  for: 'everyone' | 'administrators';
  /** It may be given several times, and all of them count. */
  several?: boolean;
  /** The microversions in which the list knows it. Default: all that are supported. */
  microversions?: VersionRange;
  /** Adds what it asks for. @throws BadRequest */
  apply(query: Q, values: Values, name: string): void;
}

export type Values = readonly [string, ...string[]];

/** All parameters of a list, by name; `prefix-*` stands for all names that begin so. Others are refused. */
export type ParameterTable<Q> = Readonly<Record<string, Parameter<Q>>>;

/** The parts of a request that say what it asks for. */
export type Question = Pick<FastifyRequest, 'query' | 'microversion'>;

/** A list without parameters. */
export const noParameters: ParameterTable<object> = {};

/**
 * Reads the query of a list's request into `query`. A parameter that the list does not know in the request's
 * microversion is refused, as in Nova since microversion 2.75: without it, the client would get an answer to another
 * question.
 *
 * @throws BadRequest
 */
export function readParameters<Q>(table: ParameterTable<Q>, request: Question, query: Q): Q {
  const { microversion } = request;
  for (const [name, texts] of Object.entries(request.query as Record<string, string | string[]>)) {
    const parameter = findParameter(table, name);
    if (!parameter || (parameter.microversions && !microversion.isIn(parameter.microversions))) {
      throw new BadRequest(`Additional properties are not allowed ('${name}' was unexpected)`);
    }
    const [first = '', ...others] = [texts].flat();
    if (others.length > 0 && !parameter.several) throw badValue(name, 'It can be given only once.');
    parameter.apply(query, [first, ...others], name);
  }
  return query;
}

export function badValue(name: string, reason: string): BadRequest {
  return new BadRequest(`Invalid input for query parameters ${name}. ${reason}`);
}

function findParameter<Q>(table: ParameterTable<Q>, name: string): Parameter<Q> | undefined {
  if (Object.hasOwn(table, name) && !name.endsWith('*')) return table[name];
  const prefix = Object.keys(table).find((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
  return prefix === undefined ? undefined : table[prefix];
}
