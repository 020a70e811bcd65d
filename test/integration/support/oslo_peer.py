"""An oslo.messaging peer, told what to do by JSON lines on stdin; it answers each with a JSON line on stdout.

Usage: oslo_peer.py TRANSPORT_URL
"""

import json
import os
import sys
import time

from oslo_config import cfg
import oslo_messaging


class Endpoint:
    target = oslo_messaging.Target(version='1.1')

    def __init__(self):
        self.notes = []

    def echo(self, ctxt, value):
        return {'value': value, 'ctxt': ctxt}

    def note(self, ctxt, value):
        self.notes.append(value)

    def boom(self, ctxt, message):
        raise ValueError(message)

    def slow(self, ctxt, seconds):
        time.sleep(seconds)
        return 'done'


class Peer:
    def __init__(self, url):
        conf = cfg.CONF
        conf([], project='peer')
        self.transport = oslo_messaging.get_rpc_transport(
            conf, url, allowed_remote_exmods=['nova.exception'])
        self.endpoint = Endpoint()

    def serve(self, **target):
        server = oslo_messaging.get_rpc_server(
            self.transport, oslo_messaging.Target(**target), [self.endpoint],
            executor='threading', access_policy=oslo_messaging.DefaultRPCAccessPolicy)
        server.start()

    def notes(self):
        return self.endpoint.notes

    def call(self, method, args, target, **options):
        return self._client(target, **options).call({'user': 'py'}, method, **args)

    def cast(self, method, args, target, **options):
        self._client(target, **options).cast({'user': 'py'}, method, **args)

    def _client(self, target, **options):
        return oslo_messaging.RPCClient(
            self.transport, oslo_messaging.Target(**target), **options)


def main():
    peer = Peer(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {'result': getattr(peer, command.pop('do'))(**command)}
        except Exception as error:
            answer = {'error': type(error).__name__, 'module': type(error).__module__,
                      'message': str(error)}
        print(json.dumps(answer), flush=True)
    os._exit(0)  # oslo.messaging's threads would live on


main()
