import { expect, test } from 'vitest';
import { parseConfigText } from './config-file.ts';

const parse = (text: string) => parseConfigText(text, 'nova.conf');

test.each([
  ['blanks around the value are dropped', 'host =  a b  ', 'a b'],
  ['a colon may stand for the equals sign', 'host: a', 'a'],
  ['the first separator counts', 'host = a = b: c', 'a = b: c'],
  ['a colon before the equals sign separates', 'host:a=b', 'a=b'],
  ['# and ; inside a value belong to it', 'host = p#w;d', 'p#w;d'],
  ['one pair of double quotes is dropped', 'host = " a "', ' a '],
  ['one pair of single quotes is dropped', 'host = \'"a"\'', '"a"'],
  ['quotes that do not match are kept', 'host = "a\'', '"a\''],
  ['a value may be empty', 'host =', ''],
  ['words that look like JSON remain text', 'host = true', 'true'],
  ['indented lines continue the value', 'host = a\n  b\n\tc', 'a\nb\nc'],
])('%s', (_title, line, value) => {
  expect(parse(`[DEFAULT]\n${line}`)).toEqual({
    assignments: [{ group: 'DEFAULT', name: 'host', value, line: 2 }],
    problems: [],
  });
});

test('comments, blank lines, a byte order mark and Windows line ends are ignored', () => {
  const { assignments, problems } = parse('\uFEFF# one\r\n; two\r\n\r\n[DEFAULT]\r\nhost = a\r\n');
  expect(assignments).toEqual([{ group: 'DEFAULT', name: 'host', value: 'a', line: 5 }]);
  expect(problems).toEqual([]);
});

test('group names other than DEFAULT are read in lower case', () => {
  const { assignments } = parse('[Database]\nconnection = x\n[default]\nhost = y');
  expect(assignments.map(({ group }) => group)).toEqual(['database', 'default']);
});

test.each([
  ['a word alone', '[DEFAULT]\ngarbage', 2, 'expected "name = value"'],
  ['no name', '[DEFAULT]\n= value', 2, 'expected "name = value"'],
  ['an unclosed group', '[DEFAULT', 1, 'a group is written [name]'],
  ['an empty group name', '[]', 1, 'a group is written [name]'],
  ['an option before the first group', 'host = a', 1, 'before the first [group]'],
  ['a continuation of nothing', '[DEFAULT]\n\n  b', 3, 'there is none above it'],
  ['a continuation after a blank line', '[DEFAULT]\nhost = a\n\n  b', 4, 'there is none above it'],
])('%s is a problem with its line', (_title, text, line, detail) => {
  const { problems } = parse(text);
  expect(problems).toEqual([
    expect.objectContaining({
      code: 'UNPARSABLE_LINE',
      source: `nova.conf:${line}`,
      file: 'nova.conf',
      line,
      detail: expect.stringContaining(detail),
    }),
  ]);
});

test('reading goes on after a bad line, and its text is not repeated', () => {
  const { assignments, problems } = parse('[DEFAULT]\nrabbit//nova secret@h\nhost = a\nmore\n');
  expect(assignments).toHaveLength(1);
  expect(problems.map(({ line }) => line)).toEqual([2, 4]);
  expect(JSON.stringify(problems)).not.toContain('secret');
});
