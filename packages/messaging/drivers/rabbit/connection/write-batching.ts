import type { ChannelModel } from 'amqplib';
import { librarySocket } from './library-socket.ts';

/**
 * Sends what is written in one go of the event loop with one system call. The AMQP library writes each frame for
 * itself, and without this, many small messages cost mostly system calls.
 */
export function batchWrites({ connection }: ChannelModel): void {
  const socket = librarySocket(connection);
  if (socket === undefined) return;
  const write = socket.write;
  let corked = false;
  socket.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    return Reflect.apply(write, socket, args);
  };
}
