"""Python's oslo.messaging with its defaults; either end (argument: server or client)."""
import logging
import sys
import threading
import time
from pathlib import Path

import oslo_messaging
from oslo_config import cfg

sys.path.append(str(Path(__file__).resolve().parents[1] / "shared"))
from answer_requests import answer_requests  # noqa: E402

# How long (s) after the last call all of them may take to settle: their timeout, and some.
PATIENCE = 70


def transport_of(place):
    # The global configuration: the library registers some of its options only there.
    conf = cfg.CONF
    conf([], project="bench", default_config_files=[], default_config_dirs=[])
    oslo_messaging.set_transport_defaults(control_exchange="bench-restart-oslo")
    return oslo_messaging.get_rpc_transport(conf, url=place["url"])


class Server:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}

    def serve(self, place):
        target = oslo_messaging.Target(topic=place["topic"], server="bench")
        server = oslo_messaging.get_rpc_server(transport_of(place), target, [Endpoint(self)], executor="threading")
        server.start()

    def executions(self, args):
        with self.lock:
            return [self.counts.get(n, 0) for n in range(max(self.counts, default=-1) + 1)]


class Endpoint:
    target = oslo_messaging.Target(version="1.0")

    def __init__(self, server):
        self._server = server

    def echo(self, ctxt, n):
        with self._server.lock:
            counts = self._server.counts
            counts[n] = counts.get(n, 0) + 1
        return n

    def ping(self, ctxt):
        return "pong"


class Client:
    def connect(self, place):
        target = oslo_messaging.Target(topic=place["topic"], version="1.0")
        self._client = oslo_messaging.get_rpc_client(transport_of(place), target)
        self._client.call({}, "ping")

    def run(self, args):
        total = round(args["perSecond"] * args["seconds"])
        sent_at, settled_at, outcomes = [0.0] * total, [None] * total, [None] * total

        def call(n):
            outcome = "ok"
            try:
                answer = self._client.call({}, "echo", n=n)
                if answer != n:
                    outcome = f"untyped answer {answer}"
            except oslo_messaging.MessagingException as error:
                outcome = type(error).__name__
            except Exception as error:  # it is what is counted
                outcome = f"untyped {error!r}"
            settled_at[n] = time.time() * 1000
            outcomes[n] = outcome

        threads = []
        start = time.monotonic()
        for n in range(total):
            time.sleep(max(start + n / args["perSecond"] - time.monotonic(), 0))
            sent_at[n] = time.time() * 1000
            thread = threading.Thread(target=call, args=(n,), daemon=True)
            thread.start()
            threads.append(thread)
        end = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0))
        return {"sentAt": sent_at, "settledAt": settled_at, "outcomes": outcomes}


def main():
    # Its warnings of the lost connection are hundreds of lines.
    logging.basicConfig(level=logging.CRITICAL)
    answer_requests(Server() if sys.argv[1] == "server" else Client())


main()
