import { RemoteError } from '@mini-nova/messaging';
import { expect, test } from 'vitest';
import { errorName, errorText } from './error-name.ts';

class InstanceNotFound extends Error {}

const broken = new Proxy(new Error('x'), {
  getPrototypeOf() {
    throw new Error('a trap');
  },
});

test.each<[unknown, string, string]>([
  [new InstanceNotFound('gone'), 'InstanceNotFound', 'gone'],
  [new (class extends Error {})(''), 'Error', 'Error'],
  [
    new RemoteError({ excType: 'ValueError', module: 'builtins', value: 'bad', traceback: [] }),
    'ValueError',
    'Remote error: ValueError bad',
  ],
  ['text', 'string', 'text'],
  [undefined, 'undefined', 'undefined'],
  [Object.create(null), 'object', 'something that cannot be shown'],
  [broken, 'unknown', 'something that cannot be shown'],
])('of a thrown value, case %#', (thrown, name, text) => {
  expect(errorName(thrown)).toBe(name);
  expect(errorText(thrown)).toBe(text);
});
