import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { expect, test } from 'vitest';
import { RecordingLogger } from '../test/recording-logger.ts';
import { canMount, fill, smallFileSystem } from '../test/small-file-system.ts';
import { writeReport } from './report-file.ts';

const report = { package: { name: 'nova-test' } };

test('without a folder a report goes to the log', () => {
  const logger = new RecordingLogger();
  writeReport(report, { name: 'nova-test', folder: null, logger });
  expect(logger.lines).toEqual([{ level: 'info', message: 'Guru Meditation report', data: { report } }]);
});

test('with a folder a report goes to a file in it that only its owner can read', () => {
  const folder = tempDir('report-');
  const logger = new RecordingLogger();
  writeReport(report, { name: 'nova-test', folder, logger });
  const [file = ''] = readdirSync(folder);
  expect(file).toMatch(new RegExp(`^nova-test_gurumeditation_\\d{17}_${process.pid}$`));
  expect(readFileSync(join(folder, file), 'utf8')).toContain('==== package ====\nname: nova-test\n');
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  expect(logger.lines).toEqual([expect.objectContaining({ data: { file: join(folder, file) } })]);
});

test('with a folder that cannot be written, the report goes to the log', () => {
  const logger = new RecordingLogger();
  writeReport(report, { name: 'nova-test', folder: join(tempDir('report-'), 'missing'), logger });
  expect(logger.lines).toEqual([
    expect.objectContaining({
      level: 'error',
      data: { report, err: expect.objectContaining({ code: 'ENOENT' }) },
    }),
  ]);
});

test.runIf(canMount)('a file system that fills up keeps no part of a report', () => {
  const folder = smallFileSystem();
  fill(join(folder, 'ballast'), 4096);
  truncateSync(join(folder, 'ballast'), 4096);
  const logger = new RecordingLogger();
  const long = { text: 'x'.repeat(100_000) };
  writeReport(long, { name: 'nova-test', folder, logger });
  expect(readdirSync(folder)).toEqual(['ballast']);
  expect(logger.lines).toMatchObject([{ level: 'error', data: { report: long, err: { code: 'ENOSPC' } } }]);
});
