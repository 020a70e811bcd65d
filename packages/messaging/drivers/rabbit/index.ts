import type { TransportUrl } from '../../transport-url.ts';
import type { Driver } from '../driver.ts';
import type { DriverContext } from '../driver-registry.ts';
import { RabbitDriver } from './rabbit-driver.ts';

export type { RabbitOptions } from './rabbit-options.ts';

/**
 * The driver of rabbit:// and amqp://, and, with TLS, of rabbits:// and amqps://. Opens nothing yet.
 * @throws DriverLoadFailure when an option is out of range or a TLS file cannot be read
 */
export function createRabbitDriver(url: TransportUrl, context: DriverContext): Driver {
  return new RabbitDriver(url, context);
}
