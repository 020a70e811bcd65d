import { expect, test } from 'vitest';
import { maskSecret, maskUrl } from './mask.ts';

test.each([
  ['rabbit://nova:secret@h:5672/v', 'rabbit://nova:***@h:5672/v'],
  ['rabbit://nova:secret@h1,nova:secret@h2/', 'rabbit://nova:***@h2/'],
  ['rabbit://nova:se/cr@et?#@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:secret secret@h/', 'rabbit://nova:***@h/'],
  ['rabbit://:secret@h/', 'rabbit://:***@h/'],
  ['nova:secret@h', '***@h'],
  ['rabbit:nova:secret@h', '***@h'],
  ['postgresql://h/nova?user=nova&password=secret&a=b', 'postgresql://h/nova?user=nova&password=***&a=b'],
  ['postgresql://h/nova?passwd=secret&pwd=secret', 'postgresql://h/nova?passwd=***&pwd=***'],
  ['https://h/v1/traces?api_key=secret&x-api-key=secret', 'https://h/v1/traces?api_key=***&x-api-key=***'],
  ['rabbit://nova@corp:secret@h/', 'rabbit://nova@corp:***@h/'],
  ['rabbit://no/va?:secret@h/', 'rabbit://no/va?:***@h/'],
  ['rabbit://nova:sec:ret@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:sec\nret@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:secret', 'rabbit://nova:***'],
  ['rabbit://nova:sec%40h/v', 'rabbit://nova:***'],
  ['rabbit://u:secret@h,nova:secret', 'rabbit://u:***@h,nova:***'],
  ['rabbit://u:secret@[::1]:5672,[::2]/v', 'rabbit://u:***@[::1]:5672,[::2]/v'],
  ['rabbit://[::1]:5672/v', 'rabbit://[::1]:5672/v'],
  ['rabbit://h1:1,h2/v:1', 'rabbit://h1:1,h2/v:1'],
  ['rabbit://h:5672/', 'rabbit://h:5672/'],
  ['sqlite:////var/lib/nova.sqlite', 'sqlite:////var/lib/nova.sqlite'],
])('%s is shown as %s', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});

test.each([
  ['rabbit://nova:secret@h/', 'rabbit://nova:***@h/'],
  ['secret', '***'],
  [' rabbit://nova:secret@h/', '***'],
  ['rabbit:/nova:secret@h', '***'],
  ['', ''],
])('of a secret, %j is shown as %j', (text, shown) => {
  expect(maskSecret(text)).toBe(shown);
});
