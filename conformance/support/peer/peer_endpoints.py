"""The endpoints that the peer can serve, by name."""

import datetime
import decimal
import time
import uuid

import oslo_messaging
from oslo_messaging.rpc import server as rpc_server

import peer_errors
import peer_unlisted_errors

NAMES = {
    'datetime': datetime, 'decimal': decimal, 'uuid': uuid,
    'peer_errors': peer_errors, 'peer_unlisted_errors': peer_unlisted_errors,
}


class Root:
    target = oslo_messaging.Target(version='1.1')

    def __init__(self, notes):
        self._notes = notes

    def echo(self, ctxt, value):
        return {'value': value, 'ctxt': ctxt}

    def note(self, ctxt, value):
        self._notes.append(value)

    def evaluate(self, ctxt, expression):
        return eval(expression, NAMES)

    def describe(self, ctxt, value):
        return [type(value).__name__, repr(value)]

    def nothing(self, ctxt):
        pass

    def boom(self, ctxt, error):
        raise eval(error, NAMES)

    @rpc_server.expected_exceptions(ValueError)
    def expected_boom(self, ctxt, error):
        raise eval(error, NAMES)

    def slow(self, ctxt, seconds, result='done', begun=None):
        if begun is not None:
            self._notes.append(begun)
        time.sleep(seconds)
        self._notes.append(result)
        return result

    def _private(self, ctxt):
        return 'private'


class Named:
    target = oslo_messaging.Target(namespace='named', version='2.3')

    def __init__(self, notes):
        pass

    def where(self, ctxt):
        return 'named 2.3'


class Renamed:
    target = oslo_messaging.Target(namespace='new_name', version='1.0', legacy_namespaces=['old_name', None])

    def __init__(self, notes):
        pass

    def where(self, ctxt):
        return 'renamed'


class NextMajor:
    target = oslo_messaging.Target(version='2.0')

    def __init__(self, notes):
        pass

    def where(self, ctxt):
        return 'root 2.0'


class Guarded:
    def __init__(self, notes):
        pass

    @rpc_server.expose
    def exposed(self, ctxt):
        return 'exposed'

    def not_exposed(self, ctxt):
        return 'not exposed'

    def _private(self, ctxt):
        return 'private'


ENDPOINTS = {
    'root': Root, 'named': Named, 'renamed': Renamed, 'next_major': NextMajor, 'guarded': Guarded,
}
