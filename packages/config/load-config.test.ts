// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration file refers to options like this
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import { type Config, type LoadConfigOptions, loadConfig, Override, string } from './index.ts';
import { refusalOf } from './test/refusal.ts';
import { schema } from './test/schema.ts';

const directory = mkdtempSync(join(tmpdir(), 'nova-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(text: string): string {
  files += 1;
  const path = join(directory, `${files}.conf`);
  writeFileSync(path, text);
  return path;
}

/** Nothing from this machine: no files but the given ones, no environment. */
type Options = Partial<LoadConfigOptions<typeof schema>>;
const load = (options: Options) => loadConfig({ schema, configFiles: [], env: {}, ...options });

const errorOf = (options: Options) => refusalOf(() => load(options));

describe('sources', () => {
  test('defaults hold when nothing is set', () => {
    const config = load({});
    expect(config.DEFAULT.host).toBe(hostname());
    expect(config.DEFAULT.report_interval).toBe(10);
    expect(config.filter_scheduler.enabled_filters).toContain('RamFilter');
    expect(config.ssl.ca_file).toBeNull();
    expect(config.warnings).toEqual([]);
  });

  test('the command line wins over the environment, the environment over files, files over defaults', () => {
    const text = '[DEFAULT]\nhost = file\ncontrol_exchange = file\nreport_interval = 5\n';
    const config = load({
      configFiles: [file(text)],
      env: { OS_DEFAULT__HOST: 'environment', OS_DEFAULT__CONTROL_EXCHANGE: 'environment' },
      overrides: { 'DEFAULT.host': 'argv' },
    });
    expect(config.DEFAULT).toMatchObject({
      host: 'argv',
      control_exchange: 'environment',
      report_interval: 5,
      service_down_time: 60,
    });
  });

  test('a later file wins, and so does a later line', () => {
    const first = file('[DEFAULT]\nhost = a\nreport_interval = 1\nreport_interval = 2\n');
    const second = file('[DEFAULT]\nhost = b\n');
    expect(load({ configFiles: [first, second] }).DEFAULT).toMatchObject({ host: 'b', report_interval: 2 });
  });

  test('overrides may be typed values, and undefined ones are left out', () => {
    const config = load({
      overrides: { 'DEFAULT.debug': true, 'conductor.workers': 3, 'DEFAULT.host': undefined },
    });
    expect(config.DEFAULT.debug).toBe(true);
    expect(config.conductor.workers).toBe(3);
    expect(config.DEFAULT.host).toBe(hostname());
  });

  test('an unknown option or group in a file is ignored with a warning that names the line', () => {
    const path = file('[DEFAULT]\nhots = a\n[keystone]\nurl = b\n');
    expect(load({ configFiles: [path] }).warnings).toEqual([
      `${path}:2: there is no option [DEFAULT] hots; it is ignored`,
      `${path}:4: there is no group [keystone]; its option url is ignored`,
    ]);
  });

  test('a misspelt variable of a known group causes a warning; those of other programs do not', () => {
    const { warnings } = load({ env: { OS_DEFAULT__HOTS: 'a', OS_AUTH_URL: 'b', OS_KEYSTONE__URL: 'c' } });
    expect(warnings).toEqual([expect.stringContaining('OS_DEFAULT__HOTS')]);
  });
});

describe('references', () => {
  test('$name is replaced by an option of DEFAULT, also in defaults', () => {
    const config = load({ overrides: { 'DEFAULT.state_path': '/srv/nova' } });
    expect(config.database.connection).toBe('sqlite:////srv/nova/nova.sqlite');
  });

  test('${group.name} and ${name} are replaced, and chains of them', () => {
    const config = load({
      overrides: {
        'DEFAULT.host': 'node${conductor.workers}',
        'network.name': 'net-$host',
        'DEFAULT.control_exchange': '${network.name}',
      },
    });
    expect(config.DEFAULT.control_exchange).toBe('net-node1');
  });

  test('an option of the same group comes before one of DEFAULT', () => {
    const schema = {
      DEFAULT: { name: string({ default: 'outer', help: '' }) },
      own: { name: string({ default: 'inner', help: '' }), text: string({ default: '$name', help: '' }) },
    };
    expect(loadConfig({ schema, env: {}, configFiles: [] }).own.text).toBe('inner');
  });

  test('$$ and \\$ are a plain dollar', () => {
    const config = load({ overrides: { 'DEFAULT.transport_url': 'rabbit://a:p$$x\\$y$1@h/' } });
    expect(config.DEFAULT.transport_url).toBe('rabbit://a:p$x$y$1@h/');
  });

  test('an unknown reference is an error', () => {
    const error = errorOf({ overrides: { 'DEFAULT.transport_url': 'rabbit://a:p$word@h/' } });
    expect(error.code).toBe('UNKNOWN_REFERENCE');
    expect(error.message).toContain('write $$ for a plain $');
  });

  test('options that refer to each other are an error', () => {
    const error = errorOf({ overrides: { 'network.name': '$host', 'DEFAULT.host': '${network.name}' } });
    expect(error.problems.every(({ code }) => code === 'UNKNOWN_REFERENCE')).toBe(true);
    expect(error.message).toContain('refers to itself');
  });

  test('an invalid option that others refer to is a single problem', () => {
    const error = errorOf({ overrides: { 'DEFAULT.host': '$nothing', 'network.name': '$host' } });
    expect(error.problems).toMatchObject([{ option: '[DEFAULT] host' }]);
  });
});

describe('errors', () => {
  test('a wrong value in a file is reported with file, line, option, value and what is allowed', () => {
    const path = file('[DEFAULT]\n\nreport_interval = often\n');
    const error = errorOf({ configFiles: [path] });
    expect(error).toMatchObject({
      code: 'INVALID_VALUE',
      file: path,
      line: 3,
      option: '[DEFAULT] report_interval',
      value: 'often',
      allowed: 'a number from 0.1 to 2147483 (seconds)',
    });
    expect(error.message).toBe(
      `${path}:3: [DEFAULT] report_interval = often: must be a number from 0.1 to 2147483 (seconds)`,
    );
  });

  test('a wrong value in the environment is reported with its variable', () => {
    const error = errorOf({ env: { OS_DATABASE__MAX_POOL_SIZE: '0' } });
    expect(error.message).toBe(
      'environment variable OS_DATABASE__MAX_POOL_SIZE: [database] max_pool_size = 0: must be an integer from 1 to 1000 (connections)',
    );
    expect(error.file).toBeUndefined();
  });

  test('a wrong value on the command line is reported with its flag', () => {
    const error = errorOf({ overrides: { 'DEFAULT.host': new Override('a b', '--host') } });
    expect(error.message).toBe(
      '--host: [DEFAULT] host = a b: must be a name without blanks and slashes, of at most 240 bytes',
    );
  });

  test('a stronger source hides the wrong value of a weaker one', () => {
    expect(load({ env: { OS_DEFAULT__HOST: 'a b' }, overrides: { 'DEFAULT.host': 'c' } }).DEFAULT.host).toBe(
      'c',
    );
  });

  test('all problems are reported at once', () => {
    const error = errorOf({
      configFiles: [file('garbage\n[DEFAULT]\ndebug = maybe\n'), join(directory, 'none.conf'), directory],
      env: { OS_DEFAULT__PORT: '70000' },
      overrides: { 'conductor.workers': 0 },
    });
    expect(error.problems.map(({ code }) => code).sort()).toEqual([
      'INVALID_VALUE',
      'INVALID_VALUE',
      'INVALID_VALUE',
      'UNPARSABLE_LINE',
      'UNREADABLE_FILE',
      'UNREADABLE_FILE',
    ]);
    expect(error.message.split('\n')).toHaveLength(6);
    expect(error.message).toContain('none.conf: no such file');
    expect(error.message).toContain(`${directory}: is a directory`);
  });

  test('a check that throws an error of its own neither refuses nor accepts the value', () => {
    const check = (text: string): boolean => {
      throw new RangeError(`broken\nby ${text}`);
    };
    const own = { own: { name: string({ default: 'a', check, help: '' }) } };
    expect(() => loadConfig({ schema: own, configFiles: [], env: {} })).toThrow('broken\nby a');
  });

  test('an override of an option that does not exist is an error', () => {
    const overrides = { 'DEFAULT.hots': 'a' } as object;
    expect(errorOf({ overrides }).code).toBe('UNKNOWN_OPTION');
  });

  test('passwords are not shown', () => {
    const error = errorOf({
      env: {
        OS_DEFAULT__TRANSPORT_URL: 'rabbit://nova:secret word@h/',
        OS_DATABASE__CONNECTION: 'mysql://nova:secret@h/nova',
      },
    });
    expect(error.message).toContain('rabbit://nova:***@h/');
    expect(error.message).toContain('mysql://nova:***@h/nova');
    expect(inspect(error)).not.toContain('secret');
  });
});

describe('values', () => {
  const config = load({ overrides: { 'DEFAULT.transport_url': 'rabbit://nova:secret@h/' } });

  test('are frozen, lists as well', () => {
    expect(Object.isFrozen(config) && Object.isFrozen(config.DEFAULT)).toBe(true);
    expect(Object.isFrozen(config.filter_scheduler.enabled_filters)).toBe(true);
    expect(Object.isFrozen(config.store.shelves[0])).toBe(true);
  });

  test('contain passwords, which JSON and inspect do not show', () => {
    expect(config.DEFAULT.transport_url).toBe('rabbit://nova:secret@h/');
    expect(JSON.stringify(config)).toContain('rabbit://nova:***@h/');
    expect(inspect(config)).toContain('rabbit://nova:***@h/');
    expect(JSON.stringify(config) + inspect(config)).not.toContain('secret');
  });

  test("in the database connection's parameters are masked too", () => {
    const parameters = (text: string) => [file(`[database]\nconnection_parameters = ${text}\n`)];
    const config = load({ configFiles: parameters('sslmode=prefer&sslpassword=hidden') });
    expect(JSON.stringify(config) + inspect(config)).not.toContain('hidden');
    expect(errorOf({ configFiles: parameters('sslpassword=hidden&=') }).message).not.toContain('hidden');
  });

  test('have the types of their options', () => {
    expectTypeOf(config).toEqualTypeOf<Config<typeof schema>>();
    expectTypeOf(config.DEFAULT.host).toEqualTypeOf<string>();
    expectTypeOf(config.DEFAULT.debug).toEqualTypeOf<boolean>();
    expectTypeOf(config.database.max_pool_size).toEqualTypeOf<number>();
    expectTypeOf(config.ssl.ca_file).toEqualTypeOf<string | null>();
    expectTypeOf(config.filter_scheduler.enabled_filters).toEqualTypeOf<readonly string[]>();
  });

  test('of a custom format are JSON, which may span several lines', () => {
    const path = file('[store]\nshelves = [\n  {"name": "a"},\n  {"name": "b",\n   "size": 2}]\n');
    expect(load({ configFiles: [path] }).store.shelves).toEqual([
      { name: 'a', size: 1 },
      { name: 'b', size: 2 },
    ]);
    for (const shelves of ['[{', '{}', '[{}]']) {
      expect(errorOf({ overrides: { 'store.shelves': shelves } }).option).toBe('[store] shelves');
    }
  });
});

test('a password that landed in the wrong option is not in the error', () => {
  const stray =
    '[DEFAULT]\nmax_limit = 5\n  transport_url = rabbit://u:hunter2@h/\nhost = x rabbit://u:hunter3@h/\n';
  const { message } = errorOf({ configFiles: [file(stray)] });
  expect(message).toContain('max_limit = 5 … (2 lines)');
  expect(message).toContain('host = x rabbit://u:***@h/');
  expect(message).not.toContain('hunter');
});
