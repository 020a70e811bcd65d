import { randomUUID } from 'node:crypto';
import type { Options } from 'amqplib';

export const EXCHANGE = 'bench-hand-written';
export const CONTENT: Options.Publish = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  persistent: true,
  priority: 0,
  mandatory: true,
};

export interface Request {
  method: string;
  args: unknown;
  version: string;
  _msg_id?: string;
  _reply_q?: string;
  _timeout?: number | null;
  _unique_id: string;
}

export interface Reply {
  result: unknown;
  failure: string | null;
  ending: boolean;
  _msg_id: string;
  _unique_id: string;
}

export function newId(): string {
  return randomUUID().replaceAll('-', '');
}

export function seal(message: Request | Reply): Buffer {
  return Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(message) }));
}

export function open<T>(body: Buffer): T {
  const envelope = JSON.parse(body.toString()) as Record<string, string>;
  if (envelope['oslo.version'] !== '2.0') throw new Error(`envelope ${envelope['oslo.version']}`);
  return JSON.parse(envelope['oslo.message'] ?? '') as T;
}
