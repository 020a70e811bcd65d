import { createServer, type Server } from 'node:net';
import { freePort } from '@mini-nova/testing';
import { expect, test, vi } from 'vitest';
import { MessageDeliveryFailure } from '../../../errors.ts';
import { type Logger, silentLogger } from '../../../logger.ts';
import { RecordingLogger } from '../../../test/recording-logger.ts';
import { getTransport } from '../../../transport.ts';

function transportTo(port: number, logger: Logger = silentLogger) {
  return getTransport({ url: `rabbit://127.0.0.1:${port}/`, logger });
}

test('a port where nobody listens is the reason why a transport is not ready', async () => {
  const logger = new RecordingLogger();
  const transport = transportTo(await freePort(), logger);
  transport.ready({ timeout: 300 }).catch(() => {});
  await vi.waitFor(() =>
    expect(logger.at('warn').map(({ message }) => message)).toContainEqual(
      expect.stringContaining('cannot connect'),
    ),
  );
  const ready = transport.ready({ timeout: 0.3 });
  await expect(ready).rejects.toBeInstanceOf(MessageDeliveryFailure);
  await expect(ready).rejects.toThrow(/not ready within 0.3 s: Unable to reach RabbitMQ: .*ECONNREFUSED/);
  await transport.close();
});

test('so is a host that says nothing', async () => {
  const silent: Server = createServer((socket) => void socket.resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const transport = transportTo(typeof address === 'object' && address !== null ? address.port : 0);
  await expect(transport.ready({ timeout: 0.3 })).rejects.toThrow(
    'Unable to reach RabbitMQ: it has not answered yet',
  );
  await transport.close();
  await new Promise((resolve) => silent.close(resolve));
});

test('callers that wait for an absent broker are told when the transport is closed', async () => {
  const transport = transportTo(await freePort());
  const ready = expect(transport.ready({ timeout: 60 })).rejects.toThrow('The transport is closed');
  await transport.close();
  await ready;
});
