// Writes docs/openapi.json: what nova-api serves at /v2.1/openapi.json, made of its routes. Run by `npm run openapi:generate`, which
// builds first. With --check it writes nothing, and says whether the document is stale.
import { buildApp } from '@mini-nova/api/app';
import { silentLogger } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { writeGenerated } from './write-generated.mjs';

// Nothing else is asked for, so there is nothing behind it.
const parts = { logger: silentLogger, storesFor: () => ({ ctxt: RequestContext.admin() }) };
const limits = { maxBodySize: 1, maxHeaderSize: 16_384, headerTimeout: 0, socketTimeout: 0 };
const app = buildApp(parts, limits, { isTrusted: false });
const answer = await app.inject('/v2.1/openapi.json');
if (answer.statusCode !== 200) throw new Error(answer.payload);
const text = `${JSON.stringify(answer.json(), null, 2)}\n`;
await app.close();

await writeGenerated({ 'docs/openapi.json': () => text }, 'openapi:generate');
