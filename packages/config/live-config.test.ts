// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration file refers to options like this
import { unlinkSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import { boolean, type Config, ConfigError, integer, LiveConfig, list, loadConfig, string } from './index.ts';

import { ConfigFolder } from './test/config-folder.ts';
import { schema } from './test/schema.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

let files = 0;

/** A live configuration of one file, which can be written again. */
function liveFile(text: string) {
  files += 1;
  const name = `${files}.conf`;
  const write = (newText: string) => folder.write(name, newText);
  const env: NodeJS.ProcessEnv = {};
  const path = write(text);
  const live = LiveConfig.load({ schema, configFiles: [path], env });
  return { live, write, env, path };
}

/** Assigns as JavaScript would, bypassing the type checker. */
function assign(target: object, name: string, value: unknown): void {
  (target as Record<string, unknown>)[name] = value;
}

describe('the view', () => {
  const { live } = liveFile('[DEFAULT]\nhost = a\ntransport_url = rabbit://nova:secret@h/\n');
  const { values } = live;

  test('has the type and the values of a loaded configuration', () => {
    expectTypeOf(values).toEqualTypeOf<Config<typeof schema>>();
    const own = { cache: { size: integer({ default: 5, help: '' }) } };
    const { cache } = LiveConfig.load({ schema: own, configFiles: [], env: {} }).values;
    expectTypeOf(cache.size).toEqualTypeOf<number>();
    const plain = loadConfig({ schema, configFiles: [], env: {} });
    const { values: view } = LiveConfig.load({ schema, configFiles: [], env: {} });
    expect(view).toEqual(plain);
    expect(Object.keys(view)).toEqual(Object.keys(plain));
    expect(Object.keys(view.DEFAULT)).toEqual(Object.keys(plain.DEFAULT));
  });

  test('cannot be written to', () => {
    expect(() => assign(values.DEFAULT, 'debug', true)).toThrow(TypeError);
    expect(() => assign(values.DEFAULT, 'more', true)).toThrow(TypeError);
    expect(() => assign(values, 'DEFAULT', {})).toThrow(TypeError);
    expect(() => assign(values, 'warnings', [])).toThrow(TypeError);
    expect(() => assign(values.filter_scheduler.enabled_filters, '0', 'a')).toThrow(TypeError);
    expect(values.DEFAULT.debug).toBe(false);
  });

  test('and its groups are shown without passwords by JSON and inspect', () => {
    expect(values.DEFAULT.transport_url).toBe('rabbit://nova:secret@h/');
    for (const shown of [values, values.DEFAULT, live]) {
      const text = JSON.stringify(shown) + inspect(shown, { depth: 9, showHidden: true, showProxy: true });
      expect(text).toContain('rabbit://nova:***@h/');
      expect(text).not.toContain('secret');
    }
  });

  test('has the warnings about its sources', () => {
    const { live: odd, write, path } = liveFile('[DEFAULT]\nhots = a\n');
    expect(odd.values.warnings).toEqual([expect.stringContaining(`${path}:2`)]);
    write('');
    expect(odd.reload().warnings).toEqual([]);
    expect(odd.values.warnings).toEqual([]);
  });
});

describe('reload', () => {
  test('changes mutable options, in groups that were read before as well', () => {
    const { live, write } = liveFile('[DEFAULT]\nreport_interval = 5\n');
    const group = live.values.DEFAULT;
    const copy = { ...group };
    write('[DEFAULT]\nreport_interval = 7\ndebug = on\n[filter_scheduler]\nenabled_filters = RamFilter\n');
    expect(live.reload().changes).toEqual([
      { path: 'DEFAULT.debug', from: 'false', to: 'true', mutable: true, applied: true },
      { path: 'DEFAULT.report_interval', from: '5', to: '7', mutable: true, applied: true },
      expect.objectContaining({ path: 'filter_scheduler.enabled_filters', to: 'RamFilter' }),
    ]);
    expect(group).toMatchObject({ debug: true, report_interval: 7 });
    expect(live.values.filter_scheduler.enabled_filters).toEqual(['RamFilter']);
    expect(copy).toMatchObject({ debug: false, report_interval: 5 });
    expect(live.reload().changes).toEqual([]);
  });

  test('reports changed immutable options each time, and keeps their values', () => {
    const { live, write } = liveFile('[DEFAULT]\nhost = a\n');
    write('[DEFAULT]\nhost = b\n');
    const change = { path: 'DEFAULT.host', from: 'a', to: 'b', mutable: false, applied: false };
    expect(live.reload().changes).toEqual([change]);
    expect(live.reload().changes).toEqual([change]);
    expect(live.values.DEFAULT.host).toBe('a');
    write('[DEFAULT]\nhost = a\n');
    expect(live.reload().changes).toEqual([]);
  });

  test('of everything applies those as well', () => {
    const { live, write } = liveFile('[DEFAULT]\nhost = a\n');
    write('[DEFAULT]\nhost = b\n');
    const change = { path: 'DEFAULT.host', from: 'a', to: 'b', mutable: false, applied: true };
    expect(live.reload({ everything: true }).changes).toEqual([change]);
    expect(live.values.DEFAULT.host).toBe('b');
    expect(live.reload().changes).toEqual([]);
  });

  test('compares values, not their texts', () => {
    const shelf = '{"name": "a"}';
    const { live, write } = liveFile(
      `[DEFAULT]\ndebug = yes\nreport_interval = 5\n[store]\nshelves = [${shelf}]\n[filter_scheduler]\nenabled_filters = RamFilter,DiskFilter\n`,
    );
    write(
      `[filter_scheduler]\nenabled_filters = RamFilter , DiskFilter,\n[store]\nshelves = [\n ${shelf}]\n[DEFAULT]\ndebug: 1\nreport_interval = 5.0\n`,
    );
    expect(live.reload().changes).toEqual([]);
  });

  test('goes back to the default where a setting is gone', () => {
    const { live, write } = liveFile('[DEFAULT]\ndebug = true\n');
    write('');
    expect(live.reload().changes).toEqual([expect.objectContaining({ path: 'DEFAULT.debug', to: 'false' })]);
    expect(live.values.DEFAULT.debug).toBe(false);
  });

  test('reads environment, directories and overrides again', () => {
    const first = folder.write('reloaded.d/a.conf', '[DEFAULT]\nreport_interval = 1\n');
    const env: NodeJS.ProcessEnv = {};
    const live = LiveConfig.load({
      schema,
      configSources: [{ directory: `${folder.path}/reloaded.d` }],
      env,
      overrides: { 'DEFAULT.host': 'override' },
    });
    folder.write('reloaded.d/b.conf', '[DEFAULT]\nreport_interval = 2\nhost = file\n');
    unlinkSync(first);
    env.OS_DEFAULT__SERVICE_DOWN_TIME = '20';
    expect(live.reload().changes.map(({ path, to }) => [path, to])).toEqual([
      ['DEFAULT.report_interval', '2'],
      ['DEFAULT.service_down_time', '20'],
    ]);
    expect(live.values.DEFAULT).toMatchObject({ report_interval: 2, host: 'override' });
  });

  test.each([
    ['a value is refused', '[DEFAULT]\ndebug = true\nreport_interval = often\n'],
    ['the value of an immutable option is refused', '[DEFAULT]\ndebug = true\nhost = a b\n'],
    ['a line cannot be read', '[DEFAULT]\ndebug = true\ngarbage\n'],
  ])('changes nothing when %s', (_title, text) => {
    const { live, write } = liveFile('[DEFAULT]\nreport_interval = 5\n');
    const before = JSON.stringify(live.values);
    write(text);
    expect(() => live.reload()).toThrow(ConfigError);
    expect(JSON.stringify(live.values)).toBe(before);
    write('[DEFAULT]\ndebug = true\n');
    live.reload();
    expect(live.values.DEFAULT.debug).toBe(true);
  });

  test('changes nothing when the file is gone', () => {
    const { live, path } = liveFile('[DEFAULT]\ndebug = true\n');
    unlinkSync(path);
    expect(() => live.reload()).toThrow(`${path}: no such file`);
    expect(live.values.DEFAULT.debug).toBe(true);
  });
});

describe('references', () => {
  test('follow mutable options that have changed', () => {
    const { live, write } = liveFile(
      '[DEFAULT]\nservice_down_time = $report_interval\nreport_interval = 5\n',
    );
    write('[DEFAULT]\nservice_down_time = $report_interval\nreport_interval = 6\n');
    expect(live.reload().changes.map(({ path }) => path)).toEqual([
      'DEFAULT.report_interval',
      'DEFAULT.service_down_time',
    ]);
    expect(live.values.DEFAULT.service_down_time).toBe(6);
  });

  test('to an immutable option have its running value', () => {
    const text = (workers: number) =>
      `[conductor]\nworkers = ${workers}\n[scheduler]\nmax_attempts = \${conductor.workers}\n`;
    const { live, write } = liveFile(text(2));
    write(text(4));
    expect(live.reload().changes.map(({ path, applied }) => [path, applied])).toEqual([
      ['conductor.workers', false],
    ]);
    expect(live.values.scheduler.max_attempts).toBe(2);
  });

  test('of an immutable option to a mutable one are reported', () => {
    const text = (interval: number) =>
      `[DEFAULT]\nreport_interval = ${interval}\nrpc_response_timeout = $report_interval\n`;
    const { live, write } = liveFile(text(5));
    write(text(6));
    expect(live.reload().changes).toEqual([
      expect.objectContaining({ path: 'DEFAULT.rpc_response_timeout', from: '5', to: '6', applied: false }),
      expect.objectContaining({ path: 'DEFAULT.report_interval', applied: true }),
    ]);
    expect(live.values.DEFAULT).toMatchObject({ report_interval: 6, rpc_response_timeout: 5 });
  });

  test('running values with dollars are taken as they are', () => {
    const schema = {
      DEFAULT: {
        fixed: string({ default: 'p$$word ${debug}', help: '' }),
        text: string({ default: '$fixed', mutable: true, help: '' }),
        debug: boolean({ default: false, mutable: true, help: '' }),
      },
    };
    const env: NodeJS.ProcessEnv = {};
    const live = LiveConfig.load({ schema, configFiles: [], env });
    expect(live.values.DEFAULT.text).toBe('p$word false');
    env.OS_DEFAULT__DEBUG = 'true';
    live.reload();
    expect(live.values.DEFAULT).toEqual({ fixed: 'p$word false', text: 'p$word false', debug: true });
  });
});

describe('secrets', () => {
  const passwords = ['hunter', 'hun/ter?#', 'hun@ter:1', 'hun$$ter', '"hun"ter', "hun'ter\\", 'hun%ter§'];
  const url = (password: string) => `rabbit://nova:${password}@h/`;

  test.each(passwords)('a change of the password to %j is told, but not the password', (password) => {
    const { live, write } = liveFile(`[DEFAULT]\ntransport_url = ${url('huntest')}\n`);
    write(`[DEFAULT]\ntransport_url = ${url(password)}\n`);
    const { changes, warnings } = live.reload();
    expect(changes).toEqual([
      {
        path: 'DEFAULT.transport_url',
        from: 'rabbit://nova:***@h/',
        to: 'rabbit://nova:***@h/ (a different secret)',
        mutable: false,
        applied: false,
      },
    ]);
    const text = JSON.stringify([changes, warnings, live.values]) + inspect([live, changes], { depth: 9 });
    expect(text).not.toMatch(/hun|\bter/);
  });

  test('a change of more than the password shows what else has changed', () => {
    const { live, write } = liveFile(`[DEFAULT]\ntransport_url = ${url('secret')}\n`);
    write('[DEFAULT]\ntransport_url = rabbit://nova:secret2@other/\n');
    expect(live.reload().changes).toEqual([expect.objectContaining({ to: 'rabbit://nova:***@other/' })]);
  });

  test('a mutable secret of any type is masked', () => {
    const schema = {
      own: {
        token: string({ default: null, secret: true, mutable: true, help: '' }),
        tokens: list({ default: [], secret: true, mutable: true, help: '' }),
        pin: integer({ default: 1234, secret: true, mutable: true, help: '' }),
        copy: string({ default: '$token', mutable: true, help: '' }),
      },
    };
    const env: NodeJS.ProcessEnv = {};
    const live = LiveConfig.load({ schema, configFiles: [], env });
    const plain = () => loadConfig({ schema, configFiles: [], env });
    Object.assign(env, { OS_OWN__TOKEN: 'hunter2', OS_OWN__TOKENS: 'hunter2,b', OS_OWN__PIN: '4321' });
    const { changes } = live.reload();
    expect(changes.map(({ path, from, to }) => [path, from, to])).toEqual([
      ['own.token', '', '***'],
      ['own.tokens', '', '***'],
      ['own.pin', '***', '*** (a different secret)'],
      ['own.copy', '', '***'],
    ]);
    expect(live.values.own).toEqual({
      token: 'hunter2',
      tokens: ['hunter2', 'b'],
      pin: 4321,
      copy: 'hunter2',
    });
    const masked = { token: '***', tokens: '***', pin: '***', copy: '***' };
    expect(JSON.parse(JSON.stringify([live.values.own, plain().own]))).toEqual([masked, masked]);
    expect(inspect([live.values, plain()], { depth: 9 })).not.toMatch(/hunter2|4321/);
  });

  test('a refused password is not in the error of a reload', () => {
    const { live, write } = liveFile('');
    write('[DEFAULT]\ntransport_url = nova:hunter2@h\n[database]\nconnection = sqlite://nova:$hunter2@h\n');
    let error: unknown;
    try {
      live.reload();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });
});
