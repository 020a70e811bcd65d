import * as exceptions from './nouns.ts';
import { registerNovaErrors } from './wire.ts';

export * from './nouns.ts';

// A module that imports any of these classes registers all, so that `instanceof` holds across any call.
registerNovaErrors(exceptions);
