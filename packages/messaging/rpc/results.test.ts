import { expect, test, vi } from 'vitest';
import { ResultBuffer } from './results.ts';

test('gives what was pushed, in order, then the end', async () => {
  const buffer = new ResultBuffer(1_000, () => {});
  buffer.push(1);
  buffer.push(null);
  const results = [await buffer.take(), await buffer.take()];
  const last = buffer.take();
  buffer.end();
  buffer.push('late');
  expect(results).toMatchObject([{ result: 1 }, { result: null }]);
  expect(await last).toBeUndefined();
});

test('gives an error after what was pushed before it', async () => {
  const buffer = new ResultBuffer(1_000, () => {});
  buffer.push(1);
  buffer.end({ error: new Error('no more') });
  expect(await buffer.take()).toMatchObject({ result: 1 });
  await expect(buffer.take()).rejects.toThrow('no more');
});

test('is Overloaded beyond its bytes, and tells once', async () => {
  const onOverflow = vi.fn();
  const buffer = new ResultBuffer(100, onOverflow);
  const result = 'x'.repeat(48);
  for (let count = 0; count < 9; count += 1) buffer.push(result);
  expect(onOverflow).toHaveBeenCalledOnce();
  for (let count = 0; count < 3; count += 1) expect(await buffer.take()).toMatchObject({ result });
  await expect(buffer.take()).rejects.toMatchObject({ code: 'OVERLOADED', what: 'stream', limit: 100 });
});

test('takes any number when its reader keeps up', async () => {
  const buffer = new ResultBuffer(100, () => {});
  for (let count = 0; count < 50; count += 1) {
    buffer.push('x'.repeat(80));
    expect(await buffer.take()).toBeDefined();
  }
});
