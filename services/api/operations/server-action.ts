import type { RequestStores } from '@mini-nova/data/request-stores';
import type { Static } from 'typebox';
import type { VersionRange } from '../microversion.ts';
import type { ComputeDependencies } from './dependencies.ts';

/** An operation that is requested by `POST /servers/{id}/action`, with a body of one key: the action's name. */
export interface ServerAction<Body = never> {
  /** Of the value under that name. */
  readonly schema: object;
  /** The schema of its answer; absent: the answer is 202 without a body. */
  readonly answer?: object;
  /** The microversions in which it exists. Default: all that are supported. */
  readonly microversions?: VersionRange;
  /** Resolves with the answer; undefined: 202 without a body. */
  run(
    stores: RequestStores,
    uuid: string,
    body: Body,
    dependencies: ComputeDependencies,
  ): Promise<object | undefined>;
}

/** An action whose body has the type that its schema says. */
export function serverAction<const Schema extends object>(
  action: { readonly schema: Schema } & ServerAction<Static<Schema>>,
): ServerAction {
  return action;
}
