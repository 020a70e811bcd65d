/**
 * An RPC API as a type: for each wire name its arguments and its result. Both ends share it, so that a wrong
 * method name, argument or result fails to compile.
 *
 *     type EchoContract = { echo: { args: { text: string }; result: string } };
 */
export type RpcContract<C = unknown> = { [M in keyof C]: { args: object; result: unknown } };

/** The contract of a client that declares none: any method, any arguments. */
export type AnyContract = { [method: string]: { args: object; result: unknown } };

/** `select_destinations` -> `selectDestinations`; leading underscores stay. */
export type CamelCase<S extends string> = S extends `_${infer Rest}`
  ? `_${CamelCase<Rest>}`
  : S extends `${infer Head}_${infer Tail}`
    ? `${Head}${Capitalize<CamelCase<Tail>>}`
    : S;

/** The methods an endpoint must have to serve contract `C` with contexts of type `Ctxt`. */
export type EndpointOf<C extends RpcContract<C>, Ctxt = unknown> = {
  [M in keyof C & string as CamelCase<M>]: (
    ctxt: Ctxt,
    args: C[M]['args'],
  ) => Promise<C[M]['result']> | C[M]['result'];
};

/** The endpoint method for a wire name. */
export function camelCase(wireName: string): string {
  return wireName.replace(/(?<=[^_])_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
