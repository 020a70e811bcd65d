import type { RequestContext } from '@mini-nova/service';
import type { ComputeDependencies } from '../compute/dependencies.ts';

/** One operation that is asked for by `POST /servers/{id}/action`, with a body of one key: the action's name. */
export interface ServerAction<Body = unknown> {
  /** Of the value under the name. */
  readonly schema: object;
  /** Resolves to what is answered; undefined: that it was accepted. */
  run(
    ctxt: RequestContext,
    uuid: string,
    body: Body,
    dependencies: ComputeDependencies,
  ): Promise<object | undefined>;
}
