import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Heartbeat, ServiceRecordMissing, type ServiceRecords } from './index.ts';
import { RecordingLogger } from './test/recording-logger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const info = { host: 'h', binary: 'nova-test', topic: 'test', version: 1 };
const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

function start(
  heartbeat: ServiceRecords['heartbeat'],
  register: ServiceRecords['register'] = async () => {},
) {
  const stopped = vi.fn(async () => {});
  const records = { heartbeat: vi.fn(heartbeat), register: vi.fn(register), stopped };
  const logger = new RecordingLogger();
  const beating = new Heartbeat({ records, info, interval: 10, logger });
  beating.start();
  return { ...records, beating, logger, stop: () => beating.stop() };
}

test('comes once per interval until it is stopped, and logs nothing', async () => {
  const { heartbeat, logger, stop } = start(async () => {});
  await seconds(9);
  expect(heartbeat).toHaveBeenCalledTimes(0);
  await seconds(22);
  expect(heartbeat).toHaveBeenCalledTimes(3);
  stop();
  await seconds(60);
  expect(heartbeat).toHaveBeenCalledTimes(3);
  expect(logger.lines).toEqual([]);
});

test('an outage is logged once, retried through, and its end is logged once', async () => {
  let broken = true;
  const { heartbeat, logger } = start(async () => {
    if (broken) throw new Error('no broker');
  });
  await seconds(51);
  // At 10, then retried after 1, 2, 4, 8, 10 and 10 seconds more.
  expect(heartbeat).toHaveBeenCalledTimes(7);
  expect(logger.of('warn')).toHaveLength(1);
  expect(logger.of('info')).toHaveLength(0);
  broken = false;
  await seconds(30);
  expect(logger.of('warn')).toHaveLength(1);
  expect(logger.of('info')).toHaveLength(1);
  broken = true;
  await seconds(20);
  expect(logger.of('warn')).toHaveLength(2);
});

test('never overlaps itself', async () => {
  let running = 0;
  let most = 0;
  const { heartbeat } = start(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    running -= 1;
  });
  await seconds(200);
  expect(most).toBe(1);
  expect(heartbeat.mock.calls.length).toBeGreaterThan(2);
});

test('registers again when the record has vanished', async () => {
  const lost = [true, false];
  const { heartbeat, register, logger } = start(async () => {
    if (lost.shift()) throw new ServiceRecordMissing(info);
  });
  await seconds(10);
  expect(register).toHaveBeenCalledExactlyOnceWith(info);
  await seconds(20);
  expect(heartbeat).toHaveBeenCalledTimes(3);
  expect(register).toHaveBeenCalledTimes(1);
  expect(logger.of('warn')).toEqual([expect.stringContaining('vanished')]);
});

test('registering again may also fail, and is tried again', async () => {
  let gone = true;
  let tries = 0;
  const { logger } = start(
    async () => {
      if (gone) throw new ServiceRecordMissing(info);
    },
    async () => {
      tries += 1;
      if (tries < 3) throw new Error('no database');
      gone = false;
    },
  );
  await seconds(40);
  expect(tries).toBe(3);
  expect(logger.of('info')).toEqual([expect.stringContaining('again')]);
});

test('the outcome of a heartbeat that ends after the stop is not logged', async () => {
  const { register, logger, stop } = start(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    throw new ServiceRecordMissing(info);
  });
  await seconds(11);
  stop();
  await seconds(60);
  expect(logger.lines).toEqual([]);
  expect(register).not.toHaveBeenCalled();
});

test.each([
  [1, 'ends', ['beaten', 'stopped']],
  [60, 'hangs', ['stopped']],
])(
  'the record hears of the stop after a heartbeat under way, unless that hangs (%d s: it %s)',
  async (took, _how, heard) => {
    const words: string[] = [];
    const { beating, stopped, stop } = start(async () => {
      await new Promise((resolve) => setTimeout(resolve, took * 1000));
      words.push('beaten');
    });
    stopped.mockImplementation(async () => void words.push('stopped'));
    await beating.register();
    await seconds(10.5);
    stop();
    const left = beating.leave();
    await seconds(3);
    await left;
    expect(words).toEqual(heard);
  },
);

test("a clock that differs from the records' is logged once, and its end is logged once", async () => {
  const records = { clockSkew: null as number | null, register: async () => {}, heartbeat: async () => {} };
  const logger = new RecordingLogger();
  const onBeat = vi.fn();
  const beating = new Heartbeat({
    records: {
      ...records,
      get clockSkew() {
        return records.clockSkew;
      },
      stopped: async () => {},
    },
    info,
    interval: 10,
    onBeat,
    logger,
  });
  await beating.register();
  beating.start();
  for (const skew of [0.9, -2.5, -2.5, 3600, 0, 0]) {
    records.clockSkew = skew;
    await seconds(10);
    expect(onBeat).toHaveBeenLastCalledWith(expect.any(Date), skew);
    expect(beating.clockRemark !== undefined).toBe(Math.abs(skew) > 1);
  }
  expect(logger.of('warn')).toEqual([expect.stringContaining('differs')]);
  expect(logger.of('info')).toEqual([expect.stringContaining('agrees')]);
  beating.stop();
});

test('has its true age even when the clock was set meanwhile', async () => {
  const { beating, stop } = start(async () => {});
  await beating.register();
  vi.setSystemTime(Date.now() + 3_600_000);
  expect(() => beating.assertRecent(60)).not.toThrow();
  vi.setSystemTime(Date.now() - 7_200_000);
  await seconds(5);
  expect(() => beating.assertRecent(3)).toThrow('the last was 5 s ago');
  stop();
});
