import { Instance } from '@mini-nova/objects';
import { withSpan } from '@mini-nova/service';
import type { VirtDriver } from './driver.ts';

type Method = (...args: unknown[]) => Promise<unknown>;

/** Makes a span of each call of a driver, under Nova's name of the method: `driver.spawn`, `driver.power_on`. */
export function tracedDriver(driver: VirtDriver, host: string): VirtDriver {
  return new Proxy(driver, {
    get(_target, name) {
      const method: unknown = Reflect.get(driver, name);
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      return (...args: unknown[]) =>
        withSpan(`driver.${snakeCase(name)}`, { attributes: attributesOf(host, args) }, () =>
          (method as Method).apply(driver, args),
        );
    },
  });
}

function attributesOf(host: string, args: readonly unknown[]): Record<string, string> {
  const instance = args.find((arg) => arg instanceof Instance);
  return { 'nova.host': host, ...(instance && { 'nova.instance.uuid': instance.uuid }) };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
