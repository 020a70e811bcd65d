import { connect } from 'node:net';

const PROTOCOL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
const METHOD_FRAME = 1;
const CONNECTION_CLASS = 10;
const START_METHOD = 10;

function isConnectionStart(frame: Buffer): boolean {
  return (
    frame[0] === METHOD_FRAME &&
    frame.readUInt16BE(7) === CONNECTION_CLASS &&
    frame.readUInt16BE(9) === START_METHOD
  );
}

/** Whether an AMQP broker answers there. RabbitMQ opens its listener only when everything else is up. */
export function amqpAnswers(port: number, host = '127.0.0.1', timeout = 5): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeout * 1000, () => finish(false));
    socket.once('connect', () => socket.write(PROTOCOL_HEADER));
    socket.once('data', (frame) => finish(frame.length > 10 && isConnectionStart(frame)));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
