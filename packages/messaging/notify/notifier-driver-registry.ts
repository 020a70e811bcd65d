import { DriverLoadFailure } from '../errors.ts';
import type { NotifierDriver, NotifierDriverContext, NotifierDriverFactory } from './notifier-driver.ts';

const factories = new Map<string, NotifierDriverFactory>();

/** Makes `name` a driver of notifiers. A built-in one can be replaced. */
export function registerNotifierDriver(name: string, factory: NotifierDriverFactory): void {
  factories.set(name, factory);
}

/** @throws DriverLoadFailure when there is no such driver, or it cannot work with its context */
export function createNotifierDriver(name: string, context: NotifierDriverContext): NotifierDriver {
  const factory = factories.get(name);
  if (factory === undefined) {
    throw new DriverLoadFailure(
      name,
      `no notifier's driver has this name; there are ${[...factories.keys()].join(', ')}`,
    );
  }
  return factory(context);
}
