// Health check of a container: does the cloud hear this daemon's heartbeats?
// node docker/service-health.mjs BINARY HOST, with the API's address in NOVA_ENDPOINT.

const [binary, host] = process.argv.slice(2);
const endpoint = process.env.NOVA_ENDPOINT ?? 'http://nova-api:8774/v2.1';

const answer = await fetch(`${endpoint}/os-services`, { signal: AbortSignal.timeout(4000) });
if (!answer.ok) throw new Error(`${endpoint}/os-services answered ${answer.status}`);
const { services } = await answer.json();
const own = services.find((service) => service.binary === binary && service.host === host);
if (own?.state !== 'up') throw new Error(`${binary} on ${host} is ${own?.state ?? 'not registered'}`);
