// A listener in a process of its own, started by tests: node notification-listener.mjs <options as JSON>. It tells on its
// output what it is given, and never finishes with it.
import { getTransport, silentLogger, Target } from '@mini-nova/messaging';
import { getNotificationListener } from '@mini-nova/messaging/notifications';

const { url, topic } = JSON.parse(process.argv[2]);

const endpoint = {
  info(_ctxt, _publisherId, _eventType, payload) {
    process.stdout.write(`holds ${payload}\n`);
    return new Promise(() => {});
  },
};

const transport = getTransport({ url, logger: silentLogger });
await getNotificationListener(transport, [new Target({ topic })], [endpoint]).start();
process.stdout.write('listening\n');
