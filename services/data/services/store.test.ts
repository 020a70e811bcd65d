import { SEEN_WHEN_STOPPED } from '@mini-nova/domain/liveness';
import { Service } from '@mini-nova/objects';
import { describe, expect, it } from 'vitest';
import { isServiceUp, lastReport } from './store.ts';

const now = new Date(Date.UTC(2026, 0, 31, 12));
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);

describe('a service', () => {
  const cases: [what: string, values: ConstructorParameters<typeof Service>[0], up: boolean][] = [
    ['seen just now', { last_seen_up: now }, true],
    ['seen 60 s ago', { last_seen_up: ago(60) }, true],
    ['seen 61 s ago', { last_seen_up: ago(61) }, false],
    ['on a host whose clock is 30 s ahead', { last_seen_up: ago(-30) }, true],
    ['on a host whose clock is 2 min ahead', { last_seen_up: ago(-120) }, false],
    ['created just now and never seen', { last_seen_up: null, created_at: now }, true],
    ['created long ago and never seen', { last_seen_up: null, created_at: ago(3600) }, false],
    ['without any time', {}, false],
    ['that has stopped in order just now', { last_seen_up: SEEN_WHEN_STOPPED, updated_at: now }, false],
    ['forced down', { last_seen_up: now, forced_down: true }, false],
    ['disabled', { last_seen_up: now, disabled: true }, true],
  ];

  it.each(cases)('%s, with a down time of 60 s: up is right', (_what, values, up) => {
    expect(isServiceUp(new Service(values), 60, now)).toBe(up);
  });
});

describe('the last report of a service', () => {
  const cases: [what: string, values: ConstructorParameters<typeof Service>[0], at: Date | null][] = [
    ['is its last heartbeat', { last_seen_up: ago(5), updated_at: now, created_at: ago(9) }, ago(5)],
    ['is its stop', { last_seen_up: SEEN_WHEN_STOPPED, updated_at: ago(3), created_at: ago(9) }, ago(3)],
    ['is the making of its record, before all else', { last_seen_up: null, created_at: ago(9) }, ago(9)],
    ['may be unknown', {}, null],
  ];

  it.each(cases)('%s', (_what, values, at) => {
    expect(lastReport(new Service(values))).toEqual(at);
  });
});
