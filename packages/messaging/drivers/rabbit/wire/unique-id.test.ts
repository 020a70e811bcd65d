import { expect, test } from 'vitest';
import { uniqueId } from './wire-message.ts';

test('an id is 32 hexadecimal digits, and no two are equal', () => {
  const ids = Array.from({ length: 5_000 }, uniqueId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});
