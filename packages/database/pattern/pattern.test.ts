import { expect, test } from 'vitest';
import { InvalidPattern } from '../errors.ts';
import { Pattern } from './pattern.ts';

const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  'ABC',
  'aab',
  'web-1',
  'web-12',
  'my web',
  'x.y',
  'xay',
  '10.0.0.1',
  '100%',
  'Über',
  '\u{1F600}!',
  'a_b-c',
  'a]b',
  'line\nbreak',
];

// Patterns that mean the same in JavaScript.
const SAME = [
  'a',
  '^a',
  'b$',
  '^$',
  '^a|c$',
  'a|',
  'a*b+c?',
  '^(ab|a)b?$',
  '^(?:a|b)*$',
  '^(a|b|c){2,3}$',
  '^a{2}',
  'a{1,}b',
  'a.*?c',
  'x.y',
  'x\\.y',
  '^[a-c]+$',
  '[^a-z]',
  '^[\\w-]+$',
  '\\d{2}',
  '\\D',
  '^\\S+\\s\\S+$',
  '[]\\]]|%',
  'Ü',
  '^.!$',
  '\\u00dc',
  '(^)a($)',
  '(|a)(b|)c',
  '()',
  '^web-[0-9]{1,2}$',
  'break',
  'e.b',
];

test.each(SAME)('%s matches what it matches in JavaScript', (source) => {
  const expression = new RegExp(source.replace('[]', '[\\]'), 'u');
  const expected = TEXTS.filter((text) => expression.test(text));
  expect(TEXTS.filter((text) => Pattern.parse(source).matches(text))).toEqual(expected);
});

test.each([
  ['[[:alpha:]]{3}', ['abc', 'ABC', 'aab', 'web-1', 'web-12', 'my web', 'xay', 'Über', 'line\nbreak']],
  ['^[^[:alnum:]]', ['Über', '\u{1F600}!']],
  ['\\Aab\\Z', ['ab']],
  ['a{,1}b{2', []],
  ['[a-]b', ['ab', 'abc', 'aab']],
])('%s matches', (source, texts) => {
  expect(TEXTS.filter((text) => text !== '' && Pattern.parse(source).matches(text))).toEqual(texts);
});

test.each([
  '',
  '(',
  ')',
  'a)',
  '[',
  '[a',
  '[b-a]',
  '[[:nothing:]]',
  '[[.a.]]',
  '*',
  '^*',
  'a**',
  'a++',
  'a{3,2}',
  'a{256}',
  '\\',
  '\\b',
  '\\1',
  '\\q',
  '(?=a)',
  '(?i)a',
  '(?P<n>a)',
  '((a{1,200}){1,200}){1,200}',
  'x'.repeat(513),
  '('.repeat(400),
])('%s is refused', (source) => {
  expect(() => Pattern.parse(source)).toThrow(InvalidPattern);
});

test.each(['(a+)+$', '^(a|aa)*$', '(a|a)*b', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)*(.*)*(.*)*x'])(
  '%s takes no more work for a text that just fails to match',
  (source) => {
    // Trying one way after another would outlast the universe.
    expect(Pattern.parse(source).matches(`${'a'.repeat(5_000)}!`)).toBe(false);
  },
);

test('a pattern that needs too much work is refused while it works', () => {
  const pattern = Pattern.parse('a.{100}b.{100}c');
  const texts = Array.from({ length: 1_000 }, (_, seed) =>
    Array.from({ length: 255 }, (_, at) => 'ab'[(seed * 31 + at * at * 7 + ((seed * at) >> 3)) % 2]).join(''),
  );
  expect(() => texts.map((text) => pattern.matches(text))).toThrow(InvalidPattern);
});
