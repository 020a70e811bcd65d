import { expect, test } from 'vitest';
import { RPCVersionCapError } from '../errors.ts';
import { canSendVersion, checkVersionCap, isCompatible } from './version-cap.ts';

test.each([
  ['6.1', '6.0', true],
  ['6.1', '6.1', true],
  ['6.1', '6.2', false],
  ['6.1', '5.0', false],
  ['6.1', '7.0', false],
  ['1.10', '1.9', true],
  ['1.9', '1.10', false],
  ['1.0.1', '1.0', true],
  ['1.0', '1.0.1', false],
  ['1.1', '1.0.9', true],
  ['1.0', 'one', false],
  ['1.0', '1', false],
  ['auto', '1.0', false],
])('an implementation of %s can serve a message of %s: %s', (implemented, requested, compatible) => {
  expect(isCompatible(implemented, requested)).toBe(compatible);
  expect(canSendVersion(requested, implemented)).toBe(compatible);
});

test('without a cap every version is sent', () => {
  expect(canSendVersion('99.9', null)).toBe(true);
  expect(() => checkVersionCap('99.9', null)).not.toThrow();
});

test('the error names the version and the cap', () => {
  expect(() => checkVersionCap('1.21', '1.20')).toThrow(RPCVersionCapError);
  expect(() => checkVersionCap('1.21', '1.20')).toThrow(
    expect.objectContaining({ code: 'RPC_VERSION_CAP', version: '1.21', versionCap: '1.20' }),
  );
});
