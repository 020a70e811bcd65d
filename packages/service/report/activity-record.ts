import type { JsonObject, RunningRequest, WaitingCall } from '@mini-nova/messaging';

/** What a transport is doing at the moment, for logs and reports. */
export function activityRecord(activity: RunningRequest | WaitingCall): JsonObject {
  const { kind, target, method, requestId, elapsed } = activity;
  return {
    method,
    kind,
    topic: target.topic ?? null,
    server: target.server ?? null,
    request_id: requestId,
    seconds: Math.round(elapsed * 1000) / 1000,
  };
}
