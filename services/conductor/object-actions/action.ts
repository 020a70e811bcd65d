import { ObjectActionError } from '@mini-nova/domain/exceptions';
import type { NovaObject } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';

/**
 * A method of an object, run on the copy that was sent. It leaves the copy in the state that the caller's object is to
 * have.
 */
export type ObjectAction = (object: NovaObject, args: ActionArguments) => Promise<unknown>;

/** A method of an object class, on behalf of whoever asks. */
export type ClassAction = (args: ActionArguments, ctxt: RequestContext) => Promise<unknown>;

/** Object methods by `<class>.<method>`, with Nova's names. */
export interface ActionTable {
  onObject: { readonly [action: string]: ObjectAction };
  onClass: { readonly [action: string]: ClassAction };
}

/** An object method for objects of one class. */
export function on<T extends NovaObject>(
  type: new () => T,
  method: (object: T, args: ActionArguments) => Promise<unknown>,
): ObjectAction {
  return async (object, args) => {
    if (object instanceof type) return method(object, args);
    throw new ObjectActionError({
      action: args.action,
      reason: `${object.definition.name} is not a ${type.name}`,
    });
  };
}

/** Arguments as Python passes them: by position or by name. */
export class ActionArguments {
  readonly action: string;
  readonly #args: readonly unknown[];
  readonly #kwargs: { readonly [name: string]: unknown };

  constructor(action: string, args: readonly unknown[], kwargs: { readonly [name: string]: unknown }) {
    this.action = action;
    this.#args = args;
    this.#kwargs = kwargs;
  }

  /** Undefined when it was not given, or is null. */
  get(position: number, name: string): unknown {
    return this.#args[position] ?? this.#kwargs[name] ?? undefined;
  }

  /** @throws ObjectActionError when it is no text */
  text(position: number, name: string): string {
    const value = this.get(position, name);
    if (typeof value === 'string') return value;
    throw new ObjectActionError({ action: this.action, reason: `${name} must be a text` });
  }

  /** One state or several, of which null is one; undefined: any state. @throws ObjectActionError */
  states(position: number, name: string): (string | null)[] | undefined {
    const value = this.get(position, name);
    if (value === undefined) return undefined;
    const states: unknown[] = Array.isArray(value) ? value : [value];
    if (states.every((state) => state === null || typeof state === 'string'))
      return states as (string | null)[];
    throw new ObjectActionError({
      action: this.action,
      reason: `${name} must be a state or a list of states`,
    });
  }
  /**
   * Conditions by name. Unknown names are refused: if they were ignored, the caller would get more than it asked for.
   *
   * @throws ObjectActionError
   */
  filters<N extends string>(
    position: number,
    name: string,
    known: readonly N[],
  ): { [filter in N]?: unknown } {
    const value = this.get(position, name) ?? {};
    const unknown =
      typeof value === 'object' ? Object.keys(value).filter((key) => !isOneOf(known, key)) : [name];
    if (unknown.length === 0) return value;
    throw new ObjectActionError({
      action: this.action,
      reason: `${unknown.join(', ')} cannot be filtered by`,
    });
  }
}

function isOneOf(known: readonly string[], name: string): boolean {
  return known.includes(name);
}
