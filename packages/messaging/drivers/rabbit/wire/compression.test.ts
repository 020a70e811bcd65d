import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { COMPRESSION_HEADERS, compressBody, isCompressed, plainBody } from './compression.ts';

const text = 'ünï'.repeat(100);
const unpacked = (content: Buffer, headers: object | undefined) => plainBody(content, headers).toString();

describe('a body', () => {
  test('without the header is as it came', () => {
    for (const headers of [undefined, {}, { compression: '' }, { other: 1 }]) {
      expect(isCompressed(headers)).toBe(false);
      expect(unpacked(Buffer.from(text), headers)).toBe(text);
    }
  });

  test('that was compressed here is what it was', () => {
    const body = compressBody(Buffer.from(text));
    expect(body.length).toBeLessThan(100);
    expect(unpacked(body, COMPRESSION_HEADERS)).toBe(text);
  });

  test.each(['application/x-gzip', 'gzip', 'zlib'])(
    "of %s is understood in zlib's and gzip's format",
    (name) => {
      for (const compress of [deflateSync, gzipSync]) {
        expect(unpacked(compress(text), { compression: name })).toBe(text);
      }
    },
  );
});

describe('a body is refused', () => {
  test.each([
    ['application/x-bz2', 'its compression is unknown: application/x-bz2'],
    ['x'.repeat(1000), `its compression is unknown: ${'x'.repeat(50)}`],
    [{ a: 1 }, 'its compression is unknown: not text, but object'],
  ])('of an unknown compression (%s)', (compression, reason) => {
    expect(() => plainBody(Buffer.from(text), { compression })).toThrow(reason);
  });

  test('that is not what its header says, or was cut off', () => {
    const whole = compressBody(Buffer.from(text));
    for (const content of [
      Buffer.from(text),
      brotliCompressSync(text),
      whole.subarray(0, -5),
      Buffer.alloc(0),
    ]) {
      expect(() => plainBody(content, COMPRESSION_HEADERS)).toThrow('it cannot be unpacked');
    }
  });

  test('that would be too large', () => {
    const body = compressBody(Buffer.alloc(10_000));
    expect(plainBody(body, COMPRESSION_HEADERS, 10_000)).toHaveLength(10_000);
    expect(() => plainBody(body, COMPRESSION_HEADERS, 9_999)).toThrow('larger than 9999 bytes');
  });
});
