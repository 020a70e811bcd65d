import { describe, expect, test } from 'vitest';
import { isSecretName, maskSecret, maskText, maskUrl, maskValue } from './index.ts';

const NAMES = [
  'password',
  'passwd',
  'passphrase',
  'sslpassword',
  'db_pass',
  'adminPass',
  'secret',
  'client-secret',
  'X_AUTH_TOKEN',
  'access-token',
  'api_key',
  'api-key',
  'apikey',
  'x-api-key',
  'pwd',
  'sys_pswd',
  'credential',
  'aws_credentials',
  'private_key',
  'Authorization',
];
const spellings = NAMES.flatMap((name) => [name, name.toUpperCase(), name.replaceAll('_', '-')]);

describe('the name of a secret', () => {
  test.each(spellings)('is %s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each(['user', 'passenger', 'bypass', 'compass', 'host', 'monkey', 'keyspace', 'public_key'])(
    'is not %s',
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});

describe('after the name of a secret', () => {
  test.each(spellings)('its value is hidden in a text: %s', (name) => {
    const forms = [
      `${name}=hunter2`,
      `${name} = hunter2`,
      `${name}: hunter2`,
      `${name}="hun ter2"`,
      `{"${name}":"hunter2","user":"nova"}`,
      `{'${name}': 'hun\\'ter2', 'user': 'nova'}`,
      JSON.stringify(JSON.stringify({ [name]: 'hunter2', user: 'nova' })),
      `--${name.toLowerCase()} hunter2 --user nova`,
      `--${name.toLowerCase()}=hunter2 --user nova`,
      `GET /v1?a=b&${name}=hunter2&user=nova`,
      `${name}=hun,ter2`,
      `${name}=hun"ter2 user=nova`,
      `{"command":"x ${name}=hunter2","user":"nova"}`,
    ];
    for (const form of forms) {
      const masked = maskText(form);
      expect(masked, form).toContain('***');
      expect(masked, form).not.toMatch(/hun|ter2/);
      if (form.includes('nova')) expect(masked, form).toContain('nova');
    }
  });

  test.each([
    ['{"password":"hunter2","user":"nova"}', '{"password":"***","user":"nova"}'],
    ['mysql --password hunter2 -u root', 'mysql --password *** -u root'],
    ['host=db password=hunter2 user=u', 'host=db password=*** user=u'],
    ['Authorization: Bearer hunter2', 'Authorization: ***'],
    ['the password is not here', 'the password is not here'],
    ['see http://token-service:8080/v1', 'see http://token-service:8080/v1'],
    ['no password', 'no password'],
  ])('in %j', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });
});

// What each becomes as a URL, and within a text.
test.each([
  ['rabbit://nova:hunter2@h:5672/v', 'rabbit://nova:***@h:5672/v'],
  ['rabbit://u1:hunter2@h1,u2:hunter3@h2/', 'rabbit://u1:***@h1,u2:***@h2/'],
  [
    'rabbit://u1:hunter2@h1:5672,u2:hunter3@[::1]:5672,h3/v',
    'rabbit://u1:***@h1:5672,u2:***@[::1]:5672,h3/v',
  ],
  ['rabbit://u1@h1,u2:hun:ter@2@h2:99999/v', 'rabbit://u1@h1,u2:***@h2:99999/v'],
  ['rabbit://nova@corp:hunter2@h/', 'rabbit://nova@corp:***@h/'],
  ['rabbit://:hunter2@h/', 'rabbit://:***@h/'],
  ['rabbit://nova:hun/ter@2?#@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:hun ter2@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:hun\nter2@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:hun"ter2@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:12,hunter2@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:12@hun,ter2@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:12@hun,@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:12@hun ter2,u:1@h/', 'rabbit://nova:***@h/'],
  ['https://nova@corp:,hunter2@h/', 'https://nova@corp:***@h/'],
  ['https://nova@corp:12,hunter2@h/', 'https://nova@corp:***@h/'],
  ['rabbit://nova:12/hunter2@h/', 'rabbit://nova:***@h/'],
  ['rabbit://nova:12 hunter2@h/', 'rabbit://nova:***@h/'],
  ['rabbit://no/va?:hunter2@h/', 'rabbit://no/va?:***@h/'],
  ['rabbit://nova:hunter2', 'rabbit://nova:***'],
  ['rabbit://nova:hunter%40h/v', 'rabbit://nova:***'],
  ['rabbit://u:hunter2@h,nova:hunter3', 'rabbit://u:***@h,nova:***'],
  ['rabbit://[::1]:5672/v', 'rabbit://[::1]:5672/v'],
  ['rabbit://h1:1,h2/v:1', 'rabbit://h1:1,h2/v:1'],
  ['http://h:80/', 'http://h:80/'],
  ['sqlite:////var/lib/nova.sqlite', 'sqlite:////var/lib/nova.sqlite'],
  ['memory://', 'memory://'],
  ['postgresql://h/nova?user=nova&password=hunter2&a=b', 'postgresql://h/nova?user=nova&password=***&a=b'],
  ['postgresql://u:hunter2@h/nova?sslkey=/hunter.pem', 'postgresql://u:***@h/nova?sslkey=***'],
  [
    'https://h/v1/traces?api_key=hunter2&x-api-key=hunter2&key=hunter2',
    'https://h/v1/traces?api_key=***&x-api-key=***&key=***',
  ],
  ['https://h/go?to=rabbit://u:hunter2@h2/', 'https://h/go?to=rabbit://u:***@h2/'],
])('%j is shown as %j', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
  expect(maskText(url)).toBe(shown);
  expect(maskText(`cannot reach ${url} now`)).toBe(`cannot reach ${shown} now`);
});

describe('in a text with several URLs', () => {
  test.each([
    [
      'tried amqp://u:hunter2@h1/ and "amqp://u:hunter3@h2/", then gave up',
      'tried amqp://u:***@h1/ and "amqp://u:***@h2/", then gave up',
    ],
    [
      'see http://docs/x; tried postgresql://nova:hun ter2@db/nova',
      'see http://docs/x; tried postgresql://nova:***@db/nova',
    ],
    ['amqp://u:hunter2@h1/,amqp://u:hunter3@h2/', 'amqp://u:***@h2/'],
    ['nova@host1: cannot reach amqp://u:hunter2@h1/', 'nova@host1: cannot reach amqp://u:***@h1/'],
    ['{"url":"amqp://u:hunter2@h1","n":"a:b"}', '{"url":"amqp://u:***@h1","n":"a:b"}'],
  ])('each is: %j', (text, shown) => {
    expect(maskText(text)).toBe(shown);
  });

  test('an @ after them may end a password, so more is hidden', () => {
    expect(maskText('amqp://u:hunter2@h1/ of nova@host1')).toBe('amqp://u:***@host1');
  });
});

test.each([
  ['connect ECONNREFUSED 127.0.0.1:5672'],
  ['nova-compute@host1: no heartbeat'],
  ['http://h:80/ answered 500'],
  ['::1 and [::1]:5672'],
  [''],
])('%j is no secret', (text) => {
  expect(maskText(text)).toBe(text);
});

test.each([
  ['nova:hunter2@h', '***@h'],
  ['rabbit:nova:hunter2@h', '***@h'],
])('%j, which has no scheme, is shown as %j', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});

test.each([
  ['rabbit://nova:hunter2@h/', 'rabbit://nova:***@h/'],
  ['hunter2', '***'],
  [' rabbit://nova:hunter2@h/', '***'],
  ['rabbit:/nova:hunter2@h', '***'],
  ['', ''],
])('the secret %j is shown as %j', (text, shown) => {
  expect(maskSecret(text)).toBe(shown);
});

test('in a JSON value, secret fields are known by their names and texts are masked, at any depth', () => {
  const value = {
    adminPass: 'a',
    list: [{ auth_token: 'b', user: 'alice', url: 'amqp://u:hunter2@h/' }],
    nested: { X_AUTH_TOKEN: { any: 'c' }, private_key: 'd', count: 1, nothing: null },
  };
  expect(maskValue(value)).toEqual({
    adminPass: '***',
    list: [{ auth_token: '***', user: 'alice', url: 'amqp://u:***@h/' }],
    nested: { X_AUTH_TOKEN: '***', private_key: '***', count: 1, nothing: null },
  });
  expect(value.adminPass).toBe('a');
});

test.each([
  'aaaa',
  '://',
  '://a:',
  '@://a:',
  '://a@',
  'a:b@',
  '://a:1,',
  '://a:b@c,',
  'token',
  'token= ',
  'token="',
  "token=\\'",
  '--token--',
  '--token ',
  '--------',
  'password:password:',
  '"\\',
  '?',
  '?key',
  '&keykey',
  '?password=',
  'pass',
  'bearer ',
  '[',
  '<"\'',
])('a megabyte of %j takes hardly any time, even with an @ at either end', (part) => {
  const text = part.repeat(1_000_000 / part.length);
  const before = process.cpuUsage();
  for (const hostile of [text, `://@${text}`, `${text}@`, `://u:${text}`, `token="${text}`]) {
    maskText(hostile);
    maskUrl(hostile);
    isSecretName(hostile);
  }
  // Processor time (µs); an expression that backtracks over the text takes many minutes.
  expect(process.cpuUsage(before).user).toBeLessThan(30_000_000);
});

test.each(['hun ter2', 'hun,"ter2', 'hun"-ter2', "hun'ter2", 'a=b', 'hun<ter2>'])(
  'a parameter of a URL is hidden up to the next one: %s',
  (value) => {
    for (const name of ['password', 'sslkey', 'api_key']) {
      const url = `postgresql://h/nova?a=1&${name}=${value}&b=2`;
      expect(maskUrl(url)).toBe(`postgresql://h/nova?a=1&${name}=***&b=2`);
      expect(maskSecret(url)).toBe(`postgresql://h/nova?a=1&${name}=***&b=2`);
    }
  },
);
