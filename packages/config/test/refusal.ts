import { ConfigError } from '../index.ts';

/** Why the configuration that `load` reads is refused. @throws Error when it is not */
export function refusalOf(load: () => unknown): ConfigError {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}
