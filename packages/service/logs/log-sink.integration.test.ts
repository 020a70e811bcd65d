import { closeSync, constants, openSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { UnreadPipe } from '../test/unread-pipe.ts';
import { LogSink } from './log-sink.ts';

const notice = (dropped: number) => `${dropped} missing\n`;
const line = (number: number) => `line ${number} ${'x'.repeat(1000)}\n`;

function open(path: string): number {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(descriptor));
  return descriptor;
}

/** The numbers of lines, and how many are missing where. */
function gist(text: string): string[] {
  return text
    .split('\n')
    .flatMap((one) => /^line \d+|^\d+ missing/.exec(one)?.[0] ?? (one === '' ? [] : one));
}

async function readUntil(pipe: UnreadPipe, pattern: RegExp): Promise<string> {
  let text = '';
  await vi.waitFor(() => {
    text += pipe.read();
    expect(text).toMatch(pattern);
  });
  return text;
}

test('lines that a reader does not take wait in their order', async () => {
  const pipe = new UnreadPipe();
  const sink = new LogSink(open(pipe.path));
  const numbers = Array.from({ length: 300 }, (_, index) => index);
  for (const number of numbers) sink.write(line(number), notice);
  const text = await readUntil(pipe, /line 299 x+\n/);
  expect(gist(text)).toEqual(numbers.map((number) => `line ${number}`));
  expect(sink.dropped).toBe(0);
});

test('beyond the limit lines are dropped, and where they are missing one line counts them', async () => {
  const pipe = new UnreadPipe();
  const sink = new LogSink(open(pipe.path), { most: 50_000 });
  for (let number = 0; number < 1000; number += 1) sink.write(line(number), notice);
  const { dropped } = sink;
  expect(dropped).toBeGreaterThan(800);
  const text = await readUntil(pipe, /missing\n/);
  sink.write(line(1000), notice);
  const expected = Array.from({ length: 1000 - dropped }, (_, index) => `line ${index}`);
  expect(gist(text + pipe.read())).toEqual([...expected, `${dropped} missing`, 'line 1000']);
  expect(sink.dropped).toBe(dropped);
});

test('while nobody reads at all, lines are dropped; the count is told to who comes', async () => {
  const pipe = new UnreadPipe();
  const sink = new LogSink(open(pipe.path));
  pipe.close();
  for (let number = 0; number < 3; number += 1) sink.write(line(number), notice);
  expect(sink.dropped).toBe(3);
  pipe.open();
  // Also when there is nothing else to say.
  expect(gist(await readUntil(pipe, /missing\n/))).toEqual(['3 missing']);
});

test('a line that was cut off ends before the next one, and counts as missing', async () => {
  const pipe = new UnreadPipe();
  const sink = new LogSink(open(pipe.path));
  sink.write(`long ${'x'.repeat(100_000)}\n`, notice);
  pipe.close();
  sink.write(line(0), notice);
  await vi.waitFor(() => expect(sink.dropped).toBe(2));
  pipe.open();
  const text = await readUntil(pipe, /missing\n/);
  // The named pipe keeps what was written of it.
  expect(text).toMatch(/^long x+\n2 missing\n$/);
});

test('a device that is full costs lines, and never throws', () => {
  // It would try again for ever, and write into what is opened next under the same number.
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const sink = new LogSink(open('/dev/full'));
  for (let number = 0; number < 3; number += 1) sink.write(line(number), notice);
  expect(sink.dropped).toBe(3);
});

test('the end waits for a reader that goes on, and not for one that has stopped', async () => {
  const pipe = new UnreadPipe();
  const sink = new LogSink(open(pipe.path));
  sink.write(`${'x'.repeat(100_000)}\n`, notice);
  sink.finish();
  expect(await readUntil(pipe, /\n/)).toHaveLength(100_001);
});
