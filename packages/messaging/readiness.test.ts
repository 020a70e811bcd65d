import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Driver } from './drivers/driver.ts';
import { MessageDeliveryFailure } from './errors.ts';
import { silentLogger } from './logger.ts';
import { ScriptedDriver } from './test/scripted-driver.ts';
import { getTransport, Transport } from './transport.ts';

/** A transport whose driver gets ready as it is told. */
function transportOf(ready: Driver['ready']): Transport {
  return new Transport(Object.assign(new ScriptedDriver(), ready && { ready }), { logger: silentLogger });
}

/** A broker that does not come: the reason is told when it has been waited for long enough. */
function absent(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new MessageDeliveryFailure('connection refused')));
  });
}

describe('ready', () => {
  test('resolves at once where there is nothing to wait for', async () => {
    await transportOf(undefined).ready();
    const transport = getTransport({ url: `memory://${randomUUID()}/`, logger: silentLogger });
    await transport.ready({ timeout: 0.001 });
    await transport.close();
  });

  test('rejects when the time is over, and says why', async () => {
    const ready = transportOf(absent).ready({ timeout: 0.02 });
    await expect(ready).rejects.toBeInstanceOf(MessageDeliveryFailure);
    await expect(ready).rejects.toThrow('The transport was not ready within 0.02 s: connection refused');
    await expect(ready).rejects.toMatchObject({ cause: { message: 'connection refused' } });
  });

  test('rejects at once when the driver says that it will not be', async () => {
    const refuse = async () => {
      throw 'wrong password';
    };
    await expect(transportOf(refuse).ready()).rejects.toThrow('The transport is not ready: wrong password');
  });

  test('rejects when the transport is closed, before or meanwhile', async () => {
    for (const driver of [absent, undefined]) {
      const transport = transportOf(driver);
      const waiting = driver && expect(transport.ready()).rejects.toThrow('The transport is closed');
      await transport.close();
      await waiting;
      await expect(transport.ready()).rejects.toThrow('The transport is closed');
    }
    const memory = getTransport({ url: `memory://${randomUUID()}/`, logger: silentLogger });
    await memory.close();
    await expect(memory.ready()).rejects.toBeInstanceOf(MessageDeliveryFailure);
  });

  test.each([0, -1, Number.NaN, '5'])('takes no timeout of %s', async (timeout) => {
    await expect(transportOf(undefined).ready({ timeout: timeout as number })).rejects.toThrow(TypeError);
  });
});
