/**
 * An RPC API as a type: for each wire name its arguments and its result. Both ends share it, so that a wrong
 * method name, argument or result fails to compile. A method that yields several results has an AsyncIterable.
 *
 *     type EchoContract = {
 *       echo: { args: { text: string }; result: string };
 *       count: { args: { to: number }; result: AsyncIterable<number> };
 *     };
 */
export type RpcContract<C = unknown> = { [M in keyof C]: { args: object; result: unknown } };

/** The contract of a client that declares none: any method, any arguments. */
export type AnyContract = { [method: string]: { args: object; result: unknown } };

/** What follows a method's name: its arguments, which can be left out where none of them is required. */
export type ArgumentsOf<Args extends object> =
  Record<never, never> extends Args ? [args?: Args] : [args: Args];

/** What `call` returns: of several results the last, and null when there was none. */
export type CallResult<Result> = Result extends AsyncIterable<infer Item> ? Item | null : Result;

/** What `multicall` yields. */
export type MulticallResult<Result> = Result extends AsyncIterable<infer Item> ? Item : Result;

/** The endpoint method for a wire name. */
export function camelCase(wireName: string): string {
  if (!wireName.includes('_')) return wireName;
  return wireName.replace(/(?<=[^_])_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
