import { expect, test } from 'vitest';
import {
  type CommandLineOption,
  ConfigError,
  configFileOptions,
  fromCommandLine,
  loadConfig,
  type OptionPath,
  type PathArgument,
} from './index.ts';
import { schema } from './test/schema.ts';

const flags: readonly CommandLineOption<OptionPath<typeof schema>>[] = [
  ...configFileOptions(),
  { flags: '--transport-url <url>', key: 'transportUrl', description: '', option: 'DEFAULT.transport_url' },
  { flags: '--host <name>', key: 'host', description: '', option: 'DEFAULT.host' },
  { flags: '--debug', key: 'debug', description: '', option: 'DEFAULT.debug' },
  { flags: '--workers <count>', key: 'workers', description: '', option: 'conductor.workers' },
];

/** What commander makes of these flags, given in this order. */
function parsed(...given: ['configFile' | 'configDir', string][]) {
  const values: Record<string, PathArgument[]> = {};
  for (const [flag, path] of given) {
    const option = flags.find(({ key }) => key === flag);
    values[flag] = option?.collect?.(path, values[flag]) ?? [];
  }
  return fromCommandLine(values, flags);
}

test('values of flags become overrides and configuration files', () => {
  const { configSources, overrides } = fromCommandLine(
    { configFile: ['a.conf', 'b.conf'], host: 'h', debug: true, workers: '2', other: 1 },
    flags,
  );
  expect(configSources.slice(1)).toEqual([{ file: 'a.conf' }, { file: 'b.conf' }]);
  const config = loadConfig({ schema, configFiles: [], env: {}, overrides });
  expect(config.DEFAULT).toMatchObject({ host: 'h', debug: true });
  expect(config.conductor.workers).toBe(2);
});

test('flags that were not given override nothing', () => {
  expect(fromCommandLine({}, flags).overrides).toEqual({});
});

test('an error names the flag', () => {
  const { overrides } = fromCommandLine({ transportUrl: 'nonsense' }, flags);
  expect(() => loadConfig({ schema, configFiles: [], env: {}, overrides })).toThrow(ConfigError);
  expect(() => loadConfig({ schema, configFiles: [], env: {}, overrides })).toThrow(
    /^--transport-url: \[DEFAULT\] transport_url/,
  );
});

test.each(['configFile', 'configDir'])('%s may be repeated', (flag) => {
  const { collect } = flags.find(({ key }) => key === flag) ?? {};
  expect(collect?.('b', collect('a', undefined)).map(String)).toEqual(['a', 'b']);
});

test('the order of --config-file and --config-dir is kept', () => {
  const { configSources } = parsed(
    ['configFile', 'a.conf'],
    ['configDir', 'b.d'],
    ['configDir', 'c.d'],
    ['configFile', 'd.conf'],
  );
  expect(configSources).toEqual([
    { file: 'a.conf' },
    { directory: 'b.d' },
    { directory: 'c.d' },
    { file: 'd.conf' },
  ]);
});

test('the default file and directory come first, each unless another of its kind is named', () => {
  const defaultFile = { file: '/etc/nova/nova.conf', optional: true };
  const defaultDirectory = { directory: '/etc/nova/nova.conf.d', optional: true };
  expect(parsed().configSources).toEqual([defaultFile, defaultDirectory]);
  expect(parsed(['configFile', 'a.conf']).configSources).toEqual([defaultDirectory, { file: 'a.conf' }]);
  expect(parsed(['configDir', 'a.d']).configSources).toEqual([defaultFile, { directory: 'a.d' }]);
});

test('another project has its own default files', () => {
  const { configSources } = fromCommandLine({}, configFileOptions('depot'), 'depot');
  expect(configSources).toEqual([
    { file: '/etc/depot/depot.conf', optional: true },
    { directory: '/etc/depot/depot.conf.d', optional: true },
  ]);
  expect(configFileOptions('depot')[0]?.description).toContain('/etc/depot/depot.conf if');
});
