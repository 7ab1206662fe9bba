"""The contestants' side of the protocol, for those that are written in Python: see contract.ts."""

import json
import sys


class Job:
    def __init__(self):
        told = json.loads(sys.argv[-1])
        self.input = told["input"]
        self.output = told["output"]
        self.size = told["size"]
        self.variant = told["variant"]
        self.services = told["services"]


def ready(waits=True):
    """The input is in place: time starts to count when this returns. spark-submit hands no input on: don't wait there."""
    print("ready", flush=True)
    if waits:
        sys.stdin.readline()


def report(**result):
    print(json.dumps(result), flush=True)


def unavailable(reason):
    """This machine can't run it: the table names it as missing, for this reason."""
    report(unavailable=reason)
    sys.exit()
