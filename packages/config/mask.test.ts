import { expect, test } from 'vitest';
import { maskUrl } from './mask.ts';

test.each([
  ['rabbit://nova:secret@h:5672/v', 'rabbit://nova:***@h:5672/v'],
  ['rabbit://nova:secret@h1,nova:secret@h2/', 'rabbit://nova:***@h2/'],
  ['rabbit://nova:se/cr@et?#@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:secret secret@h/', 'rabbit://nova:***@h/'],
  ['rabbit://:secret@h/', 'rabbit://:***@h/'],
  ['nova:secret@h', '***@h'],
  ['rabbit:nova:secret@h', '***@h'],
  ['postgresql://h/nova?user=nova&password=secret&a=b', 'postgresql://h/nova?user=nova&password=***&a=b'],
  ['rabbit://h:5672/', 'rabbit://h:5672/'],
  ['sqlite:////var/lib/nova.sqlite', 'sqlite:////var/lib/nova.sqlite'],
])('%s is shown as %s', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});
