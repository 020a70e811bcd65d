"""oslo.messaging peers, told what to do by JSON lines on stdin: {"id": 1, "url": ..., "do": "call", ...}. There is one
peer for each transport URL.

It answers each, as soon as it is done, with a JSON line on stdout: {"id": 1, "result": ...}, or {"id": 1, "error": ...}
when it raised an exception. Commands run side by side. {"$python": "2 ** 64"} in a command is the value of that
expression.

Usage: oslo_peer.py
"""

import datetime
import decimal
import json
import os
import sys
import threading
import uuid

from oslo_config import cfg
import oslo_messaging

import peer_endpoints
import peer_notifications
import peer_rpc

NAMES = {'datetime': datetime, 'decimal': decimal, 'uuid': uuid}
OUTPUT = threading.Lock()
CONF_LOCK = threading.RLock()  # for options that are read while something is made


class Peer(peer_rpc.RpcPart, peer_notifications.NotificationPart):
    def __init__(self, url):
        self.url = url
        self.conf = cfg.CONF
        self.conf_lock = CONF_LOCK
        self.set_up_rpc()
        self.set_up_notifications()

    def hello(self):
        return 'oslo.messaging'


def python_values(fields):
    expression = fields.get('$python')
    return fields if expression is None else eval(expression, NAMES)


def run(peers, line):
    command = json.loads(line, object_hook=python_values)
    answer = {'id': command.pop('id')}
    try:
        answer['result'] = getattr(find(peers, command.pop('url')), command.pop('do'))(**command)
    except Exception as error:
        answer['error'] = describe(error)
    with OUTPUT:
        print(json.dumps(answer, default=str), flush=True)


def find(peers, url):
    with CONF_LOCK:
        if url not in peers:
            peers[url] = Peer(url)
        return peers[url]


def describe(error):
    return {
        'type': type(error).__name__,
        'module': type(error).__module__,
        'bases': [base.__name__ for base in type(error).__mro__[1:]],
        'message': str(error),
        'args': [str(arg) for arg in error.args],
        'kwargs': getattr(error, 'kwargs', {}),
    }


def main():
    cfg.CONF([], project='peer')
    peers = {}
    for line in sys.stdin:
        threading.Thread(target=run, args=(peers, line), daemon=True).start()
    os._exit(0)  # oslo.messaging's threads would live on


main()
