import type { JsonValue } from '../json.ts';

declare const refused: unique symbol;

/** Replaces a type that does not come out of JSON as it went in: nothing can be assigned to it. */
export interface DoesNotTravel<T> {
  readonly [refused]: T;
}

/** JSON with other values in it, at any depth. */
export type JsonWith<Carried> =
  | JsonValue
  | Carried
  | JsonWith<Carried>[]
  | { [key: string]: JsonWith<Carried> | undefined };

/**
 * `T` if its values come out of JSON as they went in, else a type with DoesNotTravel in the place of what does not: a
 * `Date`, a `Map`, a `bigint`, an object with methods or private parts; also `unknown` and `object`, which may be any of
 * these. What a serializer carries beside JSON is `Carried`. A class of public data alone looks like a plain object, and
 * arrives as one.
 */
export type Travels<T, Carried = never> = T extends JsonWith<Carried> | undefined
  ? T
  : T extends bigint | symbol | AnyFunction
    ? DoesNotTravel<T>
    : T extends readonly unknown[]
      ? { [I in keyof T]: Travels<T[I], Carried> }
      : T extends object
        ? IsPlain<T> extends true
          ? TravellingParts<T, Carried>
          : DoesNotTravel<T>
        : DoesNotTravel<T>;

/** The same for each part of an object. */
export type TravellingParts<T, Carried = never> = { [K in keyof T]: Travels<T[K], Carried> };

type AnyFunction = (...args: never[]) => unknown;

type IsPlain<T extends object> = [keyof T] extends [never]
  ? false
  : [Extract<T[keyof T], AnyFunction>] extends [never]
    ? { [K in keyof T]: T[K] } extends T
      ? true
      : false
    : false;
