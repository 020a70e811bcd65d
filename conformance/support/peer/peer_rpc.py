"""What the peer does with RPC."""

import oslo_messaging
from oslo_messaging.rpc import dispatcher

import peer_endpoints

ACCESS_POLICIES = {
    'legacy': oslo_messaging.LegacyRPCAccessPolicy,
    'default': oslo_messaging.DefaultRPCAccessPolicy,
    'explicit': oslo_messaging.ExplicitRPCAccessPolicy,
}


class RpcPart:
    def set_up_rpc(self):
        self.transport = oslo_messaging.get_rpc_transport(
            self.conf, self.url, allowed_remote_exmods=['peer_errors'])
        self.conf.register_opts(dispatcher._dispatcher_opts)
        self.noted = {}

    def serve(self, target, endpoints=('root',), access_policy='default', ping=False):
        notes = self.noted.setdefault(target['topic'], [])
        with self.conf_lock:
            self.conf.set_override('rpc_ping_enabled', ping)
            server = oslo_messaging.get_rpc_server(
                self.transport, oslo_messaging.Target(**target),
                [peer_endpoints.ENDPOINTS[name](notes) for name in endpoints],
                executor='threading', access_policy=ACCESS_POLICIES[access_policy])
        server.start()

    def notes(self, topic):
        """What methods of the topic's servers here have noted so far."""
        return self.noted.get(topic, [])

    def call(self, method, args, target, ctxt=None, **options):
        client = self._client(target, **options)
        return client.call(ctxt or {'user': 'py'}, method, **args)

    def describe_result(self, method, args, target):
        """The result's type and form, as they are in Python."""
        result = self.call(method, args, target)
        return [type(result).__name__, repr(result)]

    def reply_queue(self):
        return self.transport._driver._reply_q

    def cast(self, method, args, target, ctxt=None, **options):
        self._client(target, **options).cast(ctxt or {'user': 'py'}, method, **args)

    def _client(self, target, at_least_once=None, **options):
        if at_least_once is not None:
            options['transport_options'] = oslo_messaging.TransportOptions(at_least_once=at_least_once)
        return oslo_messaging.get_rpc_client(
            self.transport, oslo_messaging.Target(**target), **options)
