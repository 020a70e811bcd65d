import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '@mini-nova/messaging';

/** One RPC request of real Nova 26. */
export interface RecordedRequest {
  topic: string;
  server: string | null;
  kind: 'call' | 'cast' | 'fanout';
  namespace: string | null;
  version: string;
  method: string;
  args: JsonObject;
  reply?: JsonValue;
}

const file = new URL('../../packages/objects/testdata/nova-26-rpc.json', import.meta.url);
const requests = JSON.parse(readFileSync(file, 'utf8')) as RecordedRequest[];

export function isRecorded(method: string): boolean {
  return requests.some((request) => request.method === method);
}

export function recordedRequest(method: string): RecordedRequest {
  const found = requests.find((request) => request.method === method);
  if (found === undefined) throw new Error(`no ${method} was recorded`);
  return found;
}
