import { afterEach, expect, test, vi } from 'vitest';
import { findingsOf, runChecks } from './readiness.ts';

afterEach(() => void vi.useRealTimers());

const never = () => new Promise<void>(() => {});
const fail = (message: string) => () => {
  throw new Error(message);
};

test('is ready when every check passes, or when there is none', async () => {
  expect(await runChecks({ broker: () => {}, database: async () => {} })).toEqual({
    ready: true,
    checks: { broker: { ok: true }, database: { ok: true } },
  });
  expect(await runChecks({})).toEqual({ ready: true, checks: {} });
});

test('says which check fails, and why', async () => {
  const checks = {
    broker: fail('not connected'),
    database: async () => fail('is locked')(),
    other: () => {},
  };
  expect(await runChecks(checks)).toEqual({
    ready: false,
    checks: {
      broker: { ok: false, reason: 'not connected' },
      database: { ok: false, reason: 'is locked' },
      other: { ok: true },
    },
  });
  const failures = { broker: 'not connected', database: 'is locked' };
  expect(await findingsOf(checks)).toEqual({ failures, remarks: {} });
});

test("reports a check's remark, and is ready all the same", async () => {
  const checks = { broker: () => {}, clock: async () => 'the clock is slow' };
  expect(await runChecks(checks)).toEqual({
    ready: true,
    checks: { broker: { ok: true }, clock: { ok: true, remark: 'the clock is slow' } },
  });
  expect(await findingsOf(checks)).toEqual({ failures: {}, remarks: { clock: 'the clock is slow' } });
});

test('does not wait for a check that hangs, and runs the others concurrently', async () => {
  vi.useFakeTimers();
  const report = runChecks({ broker: never, database: never, other: () => {} }, 3);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await report).toEqual({
    ready: false,
    checks: {
      broker: { ok: false, reason: 'no answer within 3 s' },
      database: { ok: false, reason: 'no answer within 3 s' },
      other: { ok: true },
    },
  });
});

test('leaves no timer', async () => {
  vi.useFakeTimers();
  await runChecks({ broker: () => {} }, 3);
  expect(vi.getTimerCount()).toBe(0);
});

test('tells no password', async () => {
  const report = await runChecks({ broker: fail('no route to rabbit://nova:s3cret@h1:5672/') });
  expect(report.checks.broker).toEqual({ ok: false, reason: 'no route to rabbit://nova:***@h1:5672/' });
});
