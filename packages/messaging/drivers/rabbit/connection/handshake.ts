import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { FRAME_END, FRAME_HEAD_SIZE, METHOD_FRAME } from '../publish/frames.ts';
import type { BrokerAddress } from './broker-address.ts';

/** Milliseconds for the whole handshake. */
const TIMEOUT = 5_000;
const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const CONNECTION_CLASS = 10;
/** The methods of that class that a handshake has. */
const START = 10;
const START_OK = 11;
const TUNE = 30;
const TUNE_OK = 31;
const OPEN = 40;
const OPEN_OK = 41;
const CLOSE = 50;

interface Method {
  id: number;
  args: Buffer;
}

/**
 * Why the broker ends the handshake, in its own words: `530 NOT_ALLOWED - vhost nova not found`. The AMQP library, which
 * has failed before this is asked, does not pass on what is said to its `connection.open`. Undefined when the broker says
 * nothing, or does not refuse any more.
 */
export function askWhyRefused(address: BrokerAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = open(address);
    const end = (words?: string): void => {
      socket.destroy();
      resolve(words);
    };
    socket.setTimeout(TIMEOUT, end);
    socket.once('error', () => end());
    socket.once('close', () => end());
    socket.write(PROTOCOL_HEADER);
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      for (let size = frameSize(received); size !== undefined; size = frameSize(received)) {
        const method = readMethod(received.subarray(FRAME_HEAD_SIZE, size - 1));
        received = received.subarray(size);
        if (method.id === CLOSE) end(closeWords(method.args));
        else if (method.id === OPEN_OK) end();
        else for (const answer of answers(method, address)) socket.write(answer);
      }
    });
  });
}

function open({ connect: { protocol, hostname: host = '', port = 0 }, socket }: BrokerAddress): Socket {
  return protocol === 'amqps'
    ? connectTls({ ...socket, host, port, servername: host })
    : connectPlain({ host, port });
}

/** Of the first frame; undefined until it is there. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < FRAME_HEAD_SIZE) return undefined;
  const size = FRAME_HEAD_SIZE + bytes.readUInt32BE(3) + 1;
  return bytes.length < size ? undefined : size;
}

function readMethod(payload: Buffer): Method {
  const isOurs = payload.length >= 4 && payload.readUInt16BE(0) === CONNECTION_CLASS;
  return { id: isOurs ? payload.readUInt16BE(2) : 0, args: payload.subarray(4) };
}

function closeWords(args: Buffer): string {
  return `${args.readUInt16BE(0)} ${args.toString('utf8', 3, 3 + args.readUInt8(2))}`;
}

function answers({ id, args }: Method, { connect }: BrokerAddress): Buffer[] {
  if (id === START) {
    const secret = `\0${connect.username ?? ''}\0${connect.password ?? ''}`;
    const noProperties = Buffer.alloc(4);
    return [methodFrame(START_OK, noProperties, shortText('PLAIN'), longText(secret), shortText('en_US'))];
  }
  if (id !== TUNE) return [];
  const virtualHost = decodeURIComponent(connect.vhost ?? '/');
  return [
    methodFrame(TUNE_OK, args),
    methodFrame(OPEN, shortText(virtualHost), shortText(''), Buffer.alloc(1)),
  ];
}

function methodFrame(id: number, ...args: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_SIZE + 4);
  const size = args.reduce((sum, { length }) => sum + length, 4);
  head.writeUInt8(METHOD_FRAME, 0);
  head.writeUInt32BE(size, 3);
  head.writeUInt16BE(CONNECTION_CLASS, FRAME_HEAD_SIZE);
  head.writeUInt16BE(id, FRAME_HEAD_SIZE + 2);
  return Buffer.concat([head, ...args, Buffer.of(FRAME_END)]);
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function longText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
