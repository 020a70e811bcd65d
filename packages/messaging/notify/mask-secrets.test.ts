import { expect, test } from 'vitest';
import { isSecretName, maskSecrets } from './mask-secrets.ts';

test('secrets are masked by their names, however deep', () => {
  const value = {
    adminPass: 'a',
    list: [{ auth_token: 'b', user: 'alice' }],
    nested: { X_AUTH_TOKEN: { any: 'c' }, private_key: 'd', count: 1, nothing: null },
  };
  expect(maskSecrets(value)).toEqual({
    adminPass: '***',
    list: [{ auth_token: '***', user: 'alice' }],
    nested: { X_AUTH_TOKEN: '***', private_key: '***', count: 1, nothing: null },
  });
  expect(value.adminPass).toBe('a');
});

test.each([
  ['mysql --password hunter2 -u root', 'mysql --password *** -u root'],
  ['password=hunter2&user=root', 'password=***&user=root'],
  [`{"adminPass": "hunter2", "a": 1}`, `{"adminPass": "***", "a": 1}`],
  [`token: 'hunter2'`, `token: '***'`],
  ['the password is not here', 'the password is not here'],
])('in text %j', (text, expected) => {
  expect(maskSecrets({ text })).toEqual({ text: expected });
});

test('names of secrets are known by their parts', () => {
  expect(['X-Subject-Token', 'db_password', 'clientSecret'].map(isSecretName)).toEqual([true, true, true]);
  expect(['user', 'passenger', 'host'].map(isSecretName)).toEqual([false, false, false]);
});
