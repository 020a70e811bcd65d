import { expect, it } from 'vitest';
import { FieldNotSet } from '../errors.ts';
import { Instance } from './instance.ts';

it.each([
  [1, 'instance-00000001'],
  [48879, 'instance-0000beef'],
])('the instance with id %i is named %s', (id, name) => {
  expect(Instance.hydrate({ id }).name).toBe(name);
});

it('an instance without an id has no name yet', () => {
  expect(() => new Instance().name).toThrow(FieldNotSet);
});
