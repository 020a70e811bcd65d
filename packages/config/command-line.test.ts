import { expect, test } from 'vitest';
import {
  ConfigError,
  commandLineOptions,
  configFileOptions,
  fromCommandLine,
  loadConfig,
  type PathArgument,
} from './index.ts';

/** What commander makes of flags that were given in this order. */
function parsed(...given: ['configFile' | 'configDir', string][]) {
  const options = commandLineOptions();
  const values: Record<string, PathArgument[]> = {};
  for (const [flag, path] of given) {
    const option = options.find(({ key }) => key === flag);
    values[flag] = option?.collect?.(path, values[flag]) ?? [];
  }
  return fromCommandLine(values, options);
}

test('values of flags become overrides and configuration files', () => {
  const { configSources, overrides } = fromCommandLine(
    { configFile: ['a.conf', 'b.conf'], host: 'h', debug: true, workers: '2', other: 1 },
    commandLineOptions({ workers: 'conductor.workers' }),
  );
  expect(configSources.slice(1)).toEqual([{ file: 'a.conf' }, { file: 'b.conf' }]);
  const config = loadConfig({ configFiles: [], env: {}, overrides });
  expect(config.DEFAULT).toMatchObject({ host: 'h', debug: true });
  expect(config.conductor.workers).toBe(2);
});

test('flags that were not given override nothing', () => {
  expect(fromCommandLine({}, commandLineOptions()).overrides).toEqual({});
});

test('an error names the flag', () => {
  const { overrides } = fromCommandLine({ transportUrl: 'nonsense' }, commandLineOptions());
  expect(() => loadConfig({ configFiles: [], env: {}, overrides })).toThrow(ConfigError);
  expect(() => loadConfig({ configFiles: [], env: {}, overrides })).toThrow(
    /^--transport-url: \[DEFAULT\] transport_url/,
  );
});

test('--workers is there for daemons that can have several processes', () => {
  const flags = (options = commandLineOptions()) => options.map(({ flags: text }) => text.split(' ')[0]);
  expect(flags()).not.toContain('--workers');
  expect(flags(commandLineOptions({ workers: 'scheduler.workers' }))).toContain('--workers');
});

test.each(['configFile', 'configDir'])('%s may be repeated', (flag) => {
  const { collect } = commandLineOptions().find(({ key }) => key === flag) ?? {};
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

test('the default file and directory come first, each unless one of its kind is named', () => {
  const defaultFile = { file: '/etc/nova/nova.conf', optional: true };
  const defaultDirectory = { directory: '/etc/nova/nova.conf.d', optional: true };
  expect(parsed().configSources).toEqual([defaultFile, defaultDirectory]);
  expect(parsed(['configFile', 'a.conf']).configSources).toEqual([defaultDirectory, { file: 'a.conf' }]);
  expect(parsed(['configDir', 'a.d']).configSources).toEqual([defaultFile, { directory: 'a.d' }]);
});

test('another project has files of its own', () => {
  const { configSources } = fromCommandLine({}, configFileOptions('depot'), 'depot');
  expect(configSources).toEqual([
    { file: '/etc/depot/depot.conf', optional: true },
    { directory: '/etc/depot/depot.conf.d', optional: true },
  ]);
  expect(configFileOptions('depot')[0]?.description).toContain('/etc/depot/depot.conf if');
});
