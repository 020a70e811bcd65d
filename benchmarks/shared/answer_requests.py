"""The Python counterpart of answer-requests.ts: requests on standard input, answers on file descriptor 3."""
import json
import os
import sys


def answer_requests(peer):
    """Runs the peer's methods as they are asked for; ends the process when standard input ends."""
    with os.fdopen(3, "w") as answers:
        for line in sys.stdin:
            request = json.loads(line)
            answer = {"id": request["id"]}
            try:
                answer["result"] = getattr(peer, request["method"])(request["args"])
            except Exception as error:  # whatever it is, the one who asked wants to know
                answer["error"] = repr(error)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    # Threads of the library must not keep it from ending.
    os._exit(0)
