// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to options like this
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import { composeSchema, integer, type LoadConfigOptions, loadConfig, type Schema, string } from './index.ts';
import { ConfigFolder } from './test/config-folder.ts';
import { schema } from './test/schema.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const load = (options: Partial<LoadConfigOptions<typeof schema>>) =>
  loadConfig({ schema, configFiles: [], env: {}, ...options });

describe('an earlier name', () => {
  test('is read as the present one, with a warning that names both', () => {
    const path = folder.write('old.conf', '[DEFAULT]\nsql_connection = sqlite://\n');
    const config = load({ configFiles: [path] });
    expect(config.database.connection).toBe('sqlite://');
    expect(config.warnings).toEqual([
      `${path}:2: [DEFAULT] sql_connection is deprecated, use [database] connection`,
    ]);
  });

  test('works in the environment', () => {
    const config = load({ env: { OS_DEFAULT__SCHEDULER_MAX_ATTEMPTS: '7' } });
    expect(config.scheduler.max_attempts).toBe(7);
    expect(config.warnings).toEqual([
      'environment variable OS_DEFAULT__SCHEDULER_MAX_ATTEMPTS: [DEFAULT] scheduler_max_attempts is deprecated, use [scheduler] max_attempts',
    ]);
  });

  test('works in its own group, and in a group that no longer exists', () => {
    const text = '[ssl]\nuse_ssl = true\n[sql]\nconnection = sqlite:///a\n';
    const config = load({ configFiles: [folder.write('groups.conf', text)] });
    expect(config.ssl.enabled).toBe(true);
    expect(config.database.connection).toBe('sqlite:///a');
    expect(config.warnings).toHaveLength(2);
  });

  test('gives way to the present one in the same file, wherever it stands', () => {
    const text = '[scheduler]\nmax_attempts = 5\n[DEFAULT]\nscheduler_max_attempts = 7\n';
    const path = folder.write('both.conf', text);
    const config = load({ configFiles: [path] });
    expect(config.scheduler.max_attempts).toBe(5);
    expect(config.warnings).toEqual([
      `${path}:4: [DEFAULT] scheduler_max_attempts is deprecated, use [scheduler] max_attempts; it is ignored, since [scheduler] max_attempts is set as well`,
    ]);
  });

  test('gives way to the present one in the environment', () => {
    const env = { OS_DEFAULT__SCHEDULER_MAX_ATTEMPTS: '7', OS_SCHEDULER__MAX_ATTEMPTS: '5' };
    expect(load({ env }).scheduler.max_attempts).toBe(5);
  });

  test('in a later file is stronger than the present one in an earlier file', () => {
    const configFiles = [
      folder.write('new.conf', '[scheduler]\nmax_attempts = 5\n'),
      folder.write('later.conf', '[DEFAULT]\nscheduler_max_attempts = 7\n'),
    ];
    expect(load({ configFiles }).scheduler.max_attempts).toBe(7);
    expect(load({ configFiles: configFiles.reverse() }).scheduler.max_attempts).toBe(5);
  });

  test('that is listed first is the stronger of two', () => {
    const text = '[database]\nsql_max_pool_size = 2\n[DEFAULT]\nsql_max_pool_size = 3\n';
    const config = load({ configFiles: [folder.write('two.conf', text)] });
    expect(config.database.max_pool_size).toBe(3);
    expect(config.warnings).toHaveLength(2);
  });

  test('causes one warning, however often it is set in a file', () => {
    const text = '[DEFAULT]\nscheduler_max_attempts = 7\nscheduler_max_attempts = 8\n';
    const path = folder.write('twice.conf', text);
    const config = load({ configFiles: [path, path] });
    expect(config.scheduler.max_attempts).toBe(8);
    expect(config.warnings).toHaveLength(1);
  });

  test("appears in errors as the present one, with the earlier one's line", () => {
    const path = folder.write('wrong.conf', '[DEFAULT]\nscheduler_max_attempts = 0\n');
    expect(() => load({ configFiles: [path] })).toThrow(`${path}:2: [scheduler] max_attempts = 0`);
  });

  test('of a secret is just as secret', () => {
    const path = folder.write('secret.conf', '[DEFAULT]\nsql_connection = mysql://nova:hunter2@h/\n');
    expect(() => load({ configFiles: [path] })).toThrow('[database] connection = mysql://nova:***@h/');
  });

  test('can be referred to', () => {
    const schema = {
      DEFAULT: { text: string({ default: '$old_size and ${other.size}', help: '' }) },
      other: { size: integer({ default: 5, deprecated: ['DEFAULT.old_size'], help: '' }) },
    };
    expect(loadConfig({ schema, configFiles: [], env: {} }).DEFAULT.text).toBe('5 and 5');
  });
});

describe('a schema of several owners', () => {
  const size = integer({ default: 1, help: '' });
  const name = string({ default: 'a', deprecated: ['DEFAULT.title'], help: '' });

  test('has the options of all, DEFAULT first and the other groups by name', () => {
    const schema = composeSchema(
      { web: { name } },
      { cache: { size }, web: { size } },
      { DEFAULT: { size } },
    );
    expect(Object.keys(schema)).toEqual(['DEFAULT', 'cache', 'web']);
    const { web } = loadConfig({ schema, configFiles: [], env: { OS_WEB__SIZE: '7' } });
    expect(web).toEqual({ name: 'a', size: 7 });
    expectTypeOf([web.name, web.size] as const).toEqualTypeOf<readonly [string, number]>();
  });

  test.each<[string, Schema[], string]>([
    ['an option twice', [{ web: { size } }, { web: { size } }], '[web] size'],
    ['an option and an earlier name', [{ web: { name } }, { DEFAULT: { title: name } }], '[DEFAULT] title'],
    ['an earlier name twice', [{ web: { name } }, { cache: { name } }], '[DEFAULT] title'],
  ])('is refused when it has %s', (_title, parts: Schema[], duplicate) => {
    expect(() => composeSchema(...parts)).toThrow(`Two options are named ${duplicate}`);
  });
});
