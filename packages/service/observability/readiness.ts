import { errorText } from '../error-name.ts';
import type { ReadinessChecks } from '../launch/launchable.ts';
import { maskText } from '../mask-text.ts';

/** What one check says. */
export type CheckResult = { ok: true } | { ok: false; reason: string };

/** Whether a daemon can do its work, and which check says no. */
export interface ReadinessReport {
  ready: boolean;
  checks: Record<string, CheckResult>;
}

/** Seconds. */
const TIMEOUT = 2;
/** Seconds: a primary that waits for its worker's answer hears of the check that hangs, not only of the worker. */
const WORKER_TIMEOUT = 1.5;

/** Runs all checks at once. One that has not settled after so many seconds is not ready. Never rejects. */
export async function runChecks(checks: ReadinessChecks, timeout = TIMEOUT): Promise<ReadinessReport> {
  const entries = Object.entries(checks).map(
    async ([name, check]) => [name, await runCheck(check, timeout)] as const,
  );
  const results = await Promise.all(entries);
  return { ready: results.every(([, { ok }]) => ok), checks: Object.fromEntries(results) };
}

/** By the names of the checks that say no, why. Never rejects. */
export async function failuresOf(
  checks: ReadinessChecks,
  timeout = WORKER_TIMEOUT,
): Promise<Record<string, string>> {
  const report = await runChecks(checks, timeout);
  const results = Object.entries(report.checks);
  return Object.fromEntries(results.flatMap(([name, result]) => (result.ok ? [] : [[name, result.reason]])));
}

async function runCheck(check: () => void | Promise<void>, timeout: number): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    const result: CheckResult = { ok: false, reason: `no answer within ${timeout} s` };
    timer = setTimeout(() => resolve(result), timeout * 1000);
  });
  try {
    return await Promise.race([settle(check), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function settle(check: () => void | Promise<void>): Promise<CheckResult> {
  try {
    await check();
    return { ok: true };
  } catch (error) {
    // Whatever it is, it is why. Its text may name a URL with a password in it.
    return { ok: false, reason: maskText(errorText(error)) };
  }
}
