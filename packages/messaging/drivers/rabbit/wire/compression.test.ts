import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { COMPRESSION_HEADERS, compressBody, isCompressed, unpackedBody } from './compression.ts';

const MIB = 1024 * 1024;

const text = 'ünï'.repeat(100);
const compressed = (body: string | Buffer): Buffer => {
  const packed = compressBody(Buffer.from(body));
  if (packed === undefined) throw new Error('it was not compressed');
  return packed;
};
const unpacked = async (content: Buffer, headers: object | undefined) =>
  `${await unpackedBody(content, headers)}`;

describe('a body', () => {
  test('without the header is as it came', async () => {
    for (const headers of [undefined, {}, { compression: '' }, { other: 1 }]) {
      expect(isCompressed(headers)).toBe(false);
      expect(await unpacked(Buffer.from(text), headers)).toBe(text);
    }
  });

  test('that was compressed here is what it was', async () => {
    const body = compressed(text);
    expect(body.length).toBeLessThan(100);
    expect(await unpacked(body, COMPRESSION_HEADERS)).toBe(text);
  });

  test.each(['application/x-gzip', 'gzip', 'zlib'])(
    "of %s is understood in zlib's and gzip's format",
    async (name) => {
      for (const compress of [deflateSync, gzipSync]) {
        expect(await unpacked(compress(text), { compression: name })).toBe(text);
      }
    },
  );
});

describe('a body is refused', () => {
  test.each([
    ['application/x-bz2', 'its compression is unknown: application/x-bz2'],
    ['x'.repeat(1000), `its compression is unknown: ${'x'.repeat(50)}`],
    [{ a: 1 }, 'its compression is unknown: not text, but object'],
  ])('of an unknown compression (%s)', async (compression, message) => {
    expect(await unpackedBody(Buffer.from(text), { compression })).toMatchObject({ message });
  });

  test('that is not what its header says, or was cut off', async () => {
    const whole = compressed(text);
    for (const content of [
      Buffer.from(text),
      brotliCompressSync(text),
      whole.subarray(0, -5),
      Buffer.alloc(0),
    ]) {
      const read = await unpackedBody(content, COMPRESSION_HEADERS);
      expect(read).toMatchObject({ message: 'it cannot be unpacked' });
    }
  });

  test.each([
    ['what is harmless, however well it is packed', deflateSync(Buffer.alloc(4 * MIB)), true],
    ['one hundred times its size', deflateSync(Buffer.alloc(5 * MIB)), false],
    ['what may be unpacked at all', deflateSync(randomBytes(17 * MIB)), false],
  ])('that is more than %s', async (_what, body, fits) => {
    const read = await unpackedBody(body, COMPRESSION_HEADERS);
    if (fits) expect(read).toHaveLength(4 * MIB);
    else {
      expect(read).toMatchObject({
        message: expect.stringMatching(/^it is larger than \d+ bytes when unpacked/),
      });
    }
  });
});

test('a body that readers would refuse is not compressed', () => {
  expect(compressBody(Buffer.alloc(5 * MIB))).toBeUndefined();
  expect(compressBody(Buffer.alloc(17 * MIB))).toBeUndefined();
  expect(compressBody(Buffer.from(JSON.stringify(Array(50_000).fill({ name: 'a', n: 1 }))))).toBeDefined();
});
