import { Socket } from 'node:net';
import type { Connection } from 'amqplib';

/**
 * The socket of a connection of the AMQP library. It is the library's own field, used only if it is what it seems to
 * be: without it things are slower, not wrong.
 */
export function librarySocket(connection: Connection): Socket | undefined {
  return 'stream' in connection && connection.stream instanceof Socket ? connection.stream : undefined;
}
