import type { SendOptions } from '../drivers/driver.ts';
import { checkRetry, checkSeconds } from '../limits.ts';
import type { Target, TargetOptions } from '../target.ts';
import type { Transport } from '../transport.ts';
import { parseVersion } from './version-cap.ts';

/** How messages are sent. */
export interface CallOptions {
  /** Seconds a call waits for its reply. Absent or null: the transport's `rpcResponseTimeout`. */
  timeout?: number | null;
  /** No message with a newer version, or another major one, is sent. Absent or null: no cap. */
  versionCap?: string | null;
  /** How often a failed publish is tried again: -1 or null (the default) forever, 0 never, N times. */
  retry?: number | null;
  /**
   * Seconds of silence after which a call's server becomes suspect; if it has gone, the call fails with ServerLost.
   * Only calls with a longer `timeout` are monitored. Absent: the transport's `callMonitorTimeout`; null: not
   * monitored.
   */
  callMonitorTimeout?: number | null;
  /**
   * What becomes of a call that finds no queue: with true (the default) it fails at once with MessageUndeliverable,
   * with false it waits for a server until its timeout. Null: the default.
   */
  failUndeliverable?: boolean | null;
  /**
   * Ends a call with CallCancelled when it fires, and tells the server. When it has fired already, nothing is sent; a
   * cast that was sent is not taken back. Absent or null: none.
   */
  signal?: AbortSignal | null;
}

/** What one prepared call changes; what is absent or undefined stays, and null takes a part away. */
export interface PrepareOptions extends Omit<TargetOptions, 'legacyNamespaces'>, CallOptions {}

/** The options of each call for the driver. */
export function callSendOptions(options: CallOptions, transport: Transport): SendOptions {
  const timeout = options.timeout ?? transport.rpcResponseTimeout;
  return {
    waitForReply: true,
    timeout,
    callMonitorTimeout: monitorTimeout(options, transport, timeout),
    retry: options.retry ?? null,
    failUndeliverable: options.failUndeliverable ?? true,
    signal: options.signal ?? undefined,
  };
}

export function castSendOptions({ retry = null, signal }: CallOptions): SendOptions {
  return { waitForReply: false, retry, signal: signal ?? undefined };
}

/** A call that ends before its server could be missed needs no monitoring. */
function monitorTimeout(options: CallOptions, transport: Transport, timeout: number): number | null {
  const { callMonitorTimeout = transport.callMonitorTimeout } = options;
  return callMonitorTimeout !== null && timeout > callMonitorTimeout ? callMonitorTimeout : null;
}

/** @throws TypeError when a version, a number or a signal is not one, or a number is out of its range */
export function checkCallOptions(target: Target, options: CallOptions): void {
  const { timeout, versionCap, retry, callMonitorTimeout, failUndeliverable, signal } = options;
  checkVersion('version', target.version);
  checkVersion('versionCap', versionCap);
  checkSeconds('timeout', timeout ?? undefined);
  checkSeconds('callMonitorTimeout', callMonitorTimeout ?? undefined);
  if (failUndeliverable != null && typeof failUndeliverable !== 'boolean') {
    throw new TypeError(`failUndeliverable is ${failUndeliverable}, but must be true or false`);
  }
  if (signal != null && !(signal instanceof AbortSignal)) {
    throw new TypeError('signal is no AbortSignal');
  }
  checkRetry(retry ?? undefined);
}

function checkVersion(name: string, version: string | null | undefined): void {
  if (version != null && (typeof version !== 'string' || parseVersion(version) === undefined)) {
    throw new TypeError(`${name} "${version}" is not <major>.<minor>`);
  }
}
