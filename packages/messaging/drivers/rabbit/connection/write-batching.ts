import { Socket } from 'node:net';
import type { ChannelModel } from 'amqplib';

/**
 * Sends what is written in one go of the event loop with one system call. The AMQP library writes each frame for
 * itself, and without this, many small messages cost mostly system calls.
 */
export function batchWrites(model: ChannelModel): void {
  const { connection } = model;
  // The library's own field, used only if it is what it seems to be: without it things are slower, not wrong.
  if (!('stream' in connection) || !(connection.stream instanceof Socket)) return;
  const socket = connection.stream;
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
