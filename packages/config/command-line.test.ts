import { expect, test } from 'vitest';
import { ConfigError, commandLineOptions, fromCommandLine, loadConfig } from './index.ts';

test('values of flags become overrides and configuration files', () => {
  const { configFiles, overrides } = fromCommandLine(
    { configFile: ['a.conf', 'b.conf'], host: 'h', debug: true, workers: '2', other: 1 },
    commandLineOptions({ workers: 'conductor.workers' }),
  );
  expect(configFiles).toEqual(['a.conf', 'b.conf']);
  const config = loadConfig({ configFiles: [], env: {}, overrides });
  expect(config.DEFAULT).toMatchObject({ host: 'h', debug: true });
  expect(config.conductor.workers).toBe(2);
});

test('flags that were not given override nothing', () => {
  expect(fromCommandLine({})).toEqual({ configFiles: undefined, overrides: {} });
});

test('an error names the flag', () => {
  const { overrides } = fromCommandLine({ transportUrl: 'nonsense' });
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

test('--config-file may be repeated', () => {
  const { collect } = commandLineOptions().find(({ key }) => key === 'configFile') ?? {};
  expect(collect?.('b', collect('a', undefined))).toEqual(['a', 'b']);
});
