import { expect, test } from 'vitest';
import { Target } from './target.ts';

test('prints the parts it has', () => {
  expect(String(new Target({ topic: 'compute', server: 'host1', version: '6.1' }))).toBe(
    '<Target topic=compute, version=6.1, server=host1>',
  );
  expect(String(new Target({ exchange: 'nova', topic: 'x', namespace: 'baseapi', fanout: true }))).toBe(
    '<Target exchange=nova, topic=x, namespace=baseapi, fanout=true>',
  );
  expect(String(new Target())).toBe('<Target>');
});

test('with() changes what is given, leaves what is undefined, and clears what is null', () => {
  const target = new Target({ topic: 'compute', server: 'host1', namespace: 'a', legacyNamespaces: ['b'] });
  const changed = target.with({ server: null, version: '1.5', topic: undefined, namespace: null });
  expect(changed).toEqual(new Target({ topic: 'compute', version: '1.5', legacyNamespaces: ['b'] }));
  expect(changed.server).toBeUndefined();
  expect(target.server).toBe('host1');
});

test.each([
  [{ topic: 'a' }, { topic: 'a' }, true],
  [{ topic: 'a' }, { topic: 'a', namespace: null, fanout: false, server: null }, true],
  [{ topic: 'a' }, { topic: 'b' }, false],
  [{ topic: 'a' }, { topic: 'a', fanout: true }, false],
  [{ topic: 'a' }, { topic: 'a', version: '1.0' }, false],
  [{ legacyNamespaces: ['x', null] }, { legacyNamespaces: ['x', null] }, true],
  [{ legacyNamespaces: ['x'] }, { legacyNamespaces: [null] }, false],
  [{ legacyNamespaces: ['x'] }, {}, false],
])('%o and %o: equal is %s', (one, other, equal) => {
  expect(new Target(one).equals(new Target(other))).toBe(equal);
  expect(new Target(other).equals(new Target(one))).toBe(equal);
});

test('accepts its namespace and the legacy ones', () => {
  expect(new Target({ namespace: 'new', legacyNamespaces: ['old', null] }).acceptedNamespaces).toEqual([
    'new',
    'old',
    null,
  ]);
  expect(new Target().acceptedNamespaces).toEqual([null]);
});

test.each(['exchange', 'topic', 'server'])('has no half characters in its %s', (part) => {
  expect(() => new Target({ [part]: 'a\ud800' })).toThrow(/^\w+ is "a.*", but must be a name$/);
  expect(new Target({ [part]: '\u{1F600}' })).toMatchObject({ [part]: '\u{1F600}' });
});
