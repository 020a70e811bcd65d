import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, type ConfigSource, type LoadConfigOptions, loadConfig } from './index.ts';
import { ConfigFolder } from './test/config-folder.ts';
import { schema } from './test/schema.ts';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const load = (
  configSources: readonly ConfigSource[],
  options: Partial<LoadConfigOptions<typeof schema>> = {},
) => loadConfig({ schema, configSources, env: {}, ...options });

function host(name: string, value: string): string {
  return folder.write(name, `[DEFAULT]\nhost = ${value}\n`);
}

const directory = join(folder.path, 'nova.d');
host('nova.d/10.conf', 'ten');
host('nova.d/9.conf', 'nine');
host('nova.d/zz.conf.bak', 'backup');
host('nova.d/.zz.conf', 'hidden');
folder.write('nova.d/2.conf', '[DEFAULT]\nhost = two\ncontrol_exchange = two\n');
const file = host('nova.conf', 'file');

describe('a directory', () => {
  test('stands for its *.conf, sorted by name', () => {
    expect(load([{ directory }]).DEFAULT).toMatchObject({ host: 'nine', control_exchange: 'two' });
  });

  test('counts where it stands among files', () => {
    expect(load([{ file }, { directory }]).DEFAULT.host).toBe('nine');
    expect(load([{ directory }, { file }]).DEFAULT.host).toBe('file');
    expect(load([{ directory }], { configFiles: [file] }).DEFAULT.host).toBe('file');
  });

  test('may be empty', () => {
    folder.write('empty.d/readme', '');
    expect(load([{ directory: join(folder.path, 'empty.d') }]).warnings).toEqual([]);
  });

  test.each([
    ['none.d', 'no such directory'],
    ['nova.conf', 'is not a directory'],
  ])('that is named must exist: %s', (name, detail) => {
    const path = join(folder.path, name);
    expect(() => load([{ directory: path }])).toThrow(ConfigError);
    expect(() => load([{ directory: path }])).toThrow(`${path}: ${detail}`);
  });

  test('has its errors named with its path', () => {
    const path = folder.write('bad.d/bad.conf', '[DEFAULT]\ndebug = maybe\n');
    expect(() => load([{ directory: join(folder.path, 'bad.d') }])).toThrow(`${path}:2: [DEFAULT] debug`);
  });
});

test('an optional source need not exist', () => {
  const missing = join(folder.path, 'none');
  const sources = [
    { file: missing, optional: true },
    { directory: missing, optional: true },
  ];
  expect(load(sources).warnings).toEqual([]);
  expect(load([{ directory, optional: true }]).DEFAULT.host).toBe('nine');
  expect(load([{ file, optional: true }]).DEFAULT.host).toBe('file');
});

test('an optional source that may exist but cannot be reached is an error', () => {
  // A directory without permission is refused in the same way, but root may look into any.
  const loop = join(folder.path, 'loop');
  symlinkSync(loop, loop);
  const file = join(loop, 'nova.conf');
  expect(() => load([{ file, optional: true }])).toThrow(`${file}: cannot be read (ELOOP)`);
  expect(() => load([{ directory: loop, optional: true }])).toThrow(`${loop}: cannot be read (ELOOP)`);
});

describe('a file that every user can read', () => {
  const password = 'hunter2?#/@:$$';
  const secrets = `[DEFAULT]\ntransport_url = rabbit://nova:${password}@h/\n[database]\nconnection = postgresql://nova:${password}@h/nova\n`;

  test('and that holds a password is warned of once', () => {
    const path = folder.write('open.conf', secrets, 0o644);
    const { warnings } = load([{ file: path }, { file: path }]);
    expect(warnings).toEqual([`${path}: it holds a password, and every user can read it: chmod 640 ${path}`]);
    chmodSync(path, 0o640);
    expect(load([{ file: path }]).warnings).toEqual([]);
  });

  test('is warned of each', () => {
    folder.write('open.d/a.conf', secrets, 0o604);
    folder.write('open.d/b.conf', secrets, 0o666);
    expect(load([{ directory: join(folder.path, 'open.d') }]).warnings).toHaveLength(2);
  });

  test('is warned of for a password under an earlier name, and one that another file overrides', () => {
    const text = '[DEFAULT]\nsql_connection = postgresql://nova:hunter2@h/nova\n';
    const path = folder.write('old.conf', text, 0o644);
    const { warnings } = load([{ file: path }, { file: folder.write('new.conf', secrets) }]);
    expect(warnings.filter((warning) => warning.includes('chmod'))).toHaveLength(1);
    expect(warnings.join()).not.toContain('hunter2');
  });

  test('but has no password is not warned of', () => {
    const text =
      '[DEFAULT]\ntransport_url = memory://\nhost = a\n[database]\nconnection = sqlite:////var/lib/nova.sqlite\n';
    expect(load([{ file: folder.write('plain.conf', text, 0o644) }]).warnings).toEqual([]);
  });
});
