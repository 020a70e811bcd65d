import type { RequestStores } from '@mini-nova/data/request-stores';
import type { ComputeDependencies } from '../compute/dependencies.ts';

/** One operation that is asked for by `POST /servers/{id}/action`, with a body of one key: the action's name. */
export interface ServerAction<Body = unknown> {
  /** Of the value under the name. */
  readonly schema: object;
  /** Resolves to what is answered; undefined: that it was accepted. */
  run(
    stores: RequestStores,
    uuid: string,
    body: Body,
    dependencies: ComputeDependencies,
  ): Promise<object | undefined>;
}
