import { expect, test } from 'vitest';
import { createReport, reportText } from './report.ts';

const report = createReport({
  name: 'nova-test',
  version: '1.2.3',
  configuration: { DEFAULT: { host: 'h', transport_url: 'rabbit://u:***@h/' } },
  parts: {
    'nova-test': { state: 'running', handlers_running: [{ method: 'hang', seconds: 3 }], calls_waiting: [] },
  },
});

test('a report has versions, process, memory, timers, what runs, and the configuration', () => {
  expect(report).toMatchObject({
    package: { name: 'nova-test', version: '1.2.3', node: process.version },
    process: { pid: process.pid },
    memory_mib: { rss: expect.any(Number), heap_used: expect.any(Number) },
    'nova-test': { state: 'running' },
    configuration: { DEFAULT: { host: 'h' } },
  });
  expect(report.timers_and_handles).toEqual(expect.any(Object));
});

test('its text has a section for each part and a line for each value', () => {
  const text = reportText(report);
  expect(text).toMatch(/^======== Guru Meditation ========\n/);
  expect(text).toContain(`==== package ====\nname: nova-test\nversion: 1.2.3\n`);
  expect(text).toContain(
    '==== nova-test ====\nstate: running\nhandlers_running:\n  -\n    method: hang\n    seconds: 3\ncalls_waiting: none\n',
  );
  expect(text).toContain('  transport_url: rabbit://u:***@h/\n');
});

test('passwords on the command line are not in it', () => {
  const { argv } = process;
  process.argv = ['node', 'daemon', '--transport-url', 'rabbit://u:hunter2@h/'];
  try {
    const { process: section } = createReport({ name: 'n', version: '', configuration: {}, parts: {} });
    expect(JSON.stringify(section)).not.toContain('hunter2');
  } finally {
    process.argv = argv;
  }
});
