import { errorText } from '../error-name.ts';
import type { ReadinessCheck, ReadinessChecks } from '../launch/launchable.ts';
import { shownText } from '../shown-text.ts';
import { withinOr } from '../timer.ts';

/** The outcome of one check. */
export type CheckResult = { ok: true; remark?: string } | { ok: false; reason: string };

/** Whether a daemon can do its work, and which checks fail. */
export interface ReadinessReport {
  ready: boolean;
  checks: Record<string, CheckResult>;
}

/** Seconds. */
const TIMEOUT = 2;
/** Seconds: less than a primary waits for its worker, so that it learns which check hangs. */
const WORKER_TIMEOUT = 1.5;

/** Runs all checks at once. A check that has not settled after so many seconds fails. Never rejects. */
export async function runChecks(checks: ReadinessChecks, timeout = TIMEOUT): Promise<ReadinessReport> {
  const entries = Object.entries(checks).map(
    async ([name, check]) => [name, await runCheck(check, timeout)] as const,
  );
  const results = await Promise.all(entries);
  return { ready: results.every(([, { ok }]) => ok), checks: Object.fromEntries(results) };
}

/** The checks' outcomes, by name. */
export interface Findings {
  /** The reasons of those that fail. */
  failures: Record<string, string>;
  /** The remarks of the others. */
  remarks: Record<string, string>;
}

/** Never rejects. */
export async function findingsOf(checks: ReadinessChecks, timeout = WORKER_TIMEOUT): Promise<Findings> {
  const report = await runChecks(checks, timeout);
  const findings: Findings = { failures: {}, remarks: {} };
  for (const [name, result] of Object.entries(report.checks)) {
    if (!result.ok) findings.failures[name] = result.reason;
    else if (result.remark !== undefined) findings.remarks[name] = result.remark;
  }
  return findings;
}

async function runCheck(check: ReadinessCheck, timeout: number): Promise<CheckResult> {
  return withinOr(settle(check), timeout, { ok: false, reason: `no answer within ${timeout} s` });
}

async function settle(check: ReadinessCheck): Promise<CheckResult> {
  try {
    const remark = await check();
    return typeof remark === 'string' ? { ok: true, remark } : { ok: true };
  } catch (error) {
    // Whatever was thrown is the reason. Its text may contain a URL with a password.
    return { ok: false, reason: shownText(errorText(error)) };
  }
}
