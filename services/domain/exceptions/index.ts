import * as exceptions from './nouns.ts';
import { registerNovaErrors } from './wire.ts';

export * from './nouns.ts';

// Whoever knows one of these classes knows all, so that `instanceof` holds across any call.
registerNovaErrors(exceptions);
