import { inspect } from 'node:util';

function refuse(): never {
  throw new Error('not to be looked at');
}

/** What a method may throw besides errors, and errors that are not as errors should be. */
export const ODD_FAILURES: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  undefined: () => undefined,
  symbol: () => Symbol('odd'),
  'object without a prototype': () => Object.create(null),
  'object whose toString throws': () => ({ toString: refuse }),
  'object that cannot be inspected': () => ({ toString: refuse, [inspect.custom]: refuse }),
  'frozen error': () => Object.freeze(new Error('odd')),
  'error that is its own cause': () => {
    const error = new Error('odd');
    error.cause = error;
    return error;
  },
  'error whose stack is no text': () => Object.assign(new Error('odd'), { stack: 42 }),
  'error whose message is no text': () => Object.assign(new Error('odd'), { message: 10n }),
  'error whose name is no text': () => Object.assign(new Error('odd'), { name: Symbol('odd') }),
  'error whose message cannot be read': () =>
    Object.defineProperty(new Error('odd'), 'message', { get: refuse }),
  'error whose class cannot be read': () => {
    const proto = Object.create(Error.prototype, { constructor: { get: refuse } });
    return Object.setPrototypeOf(new Error('odd'), proto);
  },
  'proxy of an error': () => new Proxy(new Error('odd'), { get: refuse, getPrototypeOf: refuse }),
};
