"""Python's oslo.messaging with its defaults; either end (argument: server or client)."""
import logging
import resource
import sys
import threading
import time
from pathlib import Path

import oslo_messaging
from oslo_config import cfg

sys.path.append(str(Path(__file__).resolve().parents[2] / "shared"))
from answer_requests import answer_requests  # noqa: E402

ARGS = {"x": 1, "s": "abcdefghij" * 20}


def cpu():
    """Microseconds of processor time of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


def transport_of(place):
    url = place["url"].replace("amqp://", "rabbit://", 1)
    # The global configuration: the library registers some of its options only there.
    conf = cfg.CONF
    conf([], project="bench", default_config_files=[], default_config_dirs=[])
    oslo_messaging.set_transport_defaults(control_exchange="bench-oslo")
    return oslo_messaging.get_rpc_transport(conf, url=url)


class Server:
    def __init__(self):
        self._lock = threading.Lock()
        self._notes = 0
        self._last_at = 0.0
        self._cpu = cpu()

    def serve(self, place):
        target = oslo_messaging.Target(topic=place["topic"], server="bench")
        server = oslo_messaging.get_rpc_server(transport_of(place), target, [Endpoint(self)], executor="threading")
        server.start()

    def begin(self, args):
        self._notes = 0
        self._cpu = cpu()

    def end(self, args):
        return {"cpu": cpu() - self._cpu, "loopDelay": None}

    def notes(self, args):
        return {"count": self._notes, "lastAt": self._last_at}

    def took_note(self):
        with self._lock:
            self._notes += 1
            self._last_at = time.time() * 1000


class Endpoint:
    target = oslo_messaging.Target(version="1.0")

    def __init__(self, server):
        self._server = server

    def echo(self, ctxt, x, s):
        return {"x": x, "s": s}

    def note(self, ctxt, x, s):
        self._server.took_note()


class Client:
    def connect(self, place):
        target = oslo_messaging.Target(topic=place["topic"], version="1.0")
        self._client = oslo_messaging.get_rpc_client(transport_of(place), target)
        if self._client.call({}, "echo", **ARGS) != ARGS:
            raise RuntimeError("the echo differs from what was sent")

    def calls(self, args):
        def call():
            start = time.perf_counter()
            self._client.call({}, "echo", **ARGS)
            return (time.perf_counter() - start) * 1000

        before = cpu()
        latencies, seconds = in_threads(args, call)
        latencies.sort()
        return {
            "calls": len(latencies),
            "perSecond": len(latencies) / seconds,
            "p50": quantile(latencies, 0.5),
            "p99": quantile(latencies, 0.99),
            "usage": {"cpu": cpu() - before, "loopDelay": None},
        }

    def casts(self, args):
        before = cpu()
        started_at = time.time() * 1000
        casts, _seconds = in_threads(args, lambda: self._client.cast({}, "note", **ARGS))
        return {
            "casts": len(casts),
            "startedAt": started_at,
            "usage": {"cpu": cpu() - before, "loopDelay": None},
        }


def in_threads(args, step):
    """Repeats the step in args["inFlight"] threads for args["seconds"]; returns its results, and the seconds."""
    results = []
    start = time.perf_counter()
    end = start + args["seconds"]

    def loop():
        while time.perf_counter() < end:
            results.append(step())

    threads = [threading.Thread(target=loop, daemon=True) for _ in range(args["inFlight"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, time.perf_counter() - start


def quantile(ascending, part):
    return ascending[min(int(len(ascending) * part), len(ascending) - 1)] if ascending else None


def main():
    # It warns of every publication that waits for one of its 30 connections.
    logging.basicConfig(level=logging.ERROR)
    answer_requests(Server() if sys.argv[1] == "server" else Client())


main()
