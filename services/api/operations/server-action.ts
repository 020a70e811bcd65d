import type { RequestStores } from '@mini-nova/data/request-stores';
import type { Static } from 'typebox';
import type { VersionRange } from '../microversion.ts';
import type { ComputeDependencies } from './dependencies.ts';

/** One operation that is asked for by `POST /servers/{id}/action`, with a body of one key: the action's name. */
export interface ServerAction<Body = never> {
  /** Of the value under the name. */
  readonly schema: object;
  /** What it answers; absent: that it was accepted. */
  readonly answer?: object;
  /** In which there is such an action. Default: in all that are spoken. */
  readonly microversions?: VersionRange;
  /** Resolves to what is answered; undefined: that it was accepted. */
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
