"""A stand-in for the Hub, and calls to it in processes of their own; small sets."""

import json

import pytest
from small_sets import fresh, make_set

__all__ = ["fresh", "make_set"]


@pytest.fixture(scope="module")
def hub():
    """A stand-in for the Hub, empty at the start of each test file."""
    from hub.stand_in import StandIn

    with StandIn() as server:
        yield server


CALLS = """
import json, sys, time
import keras_vdd
from keras_vdd.errors import VddError

time.sleep = lambda seconds: None  # what the client does between its tries
for verb, args, options in json.loads(sys.argv[1]):
    try:
        said = getattr(keras_vdd, verb)(*args, **options)
        print(json.dumps(said if isinstance(said, dict) else {"classes": said.classes, "folder": said.folder}))
    except VddError as error:
        print(json.dumps({"error": str(error), "kind": type(error).__name__}))
"""


@pytest.fixture
def at_hub(hub, fresh):
    """A function ((verb, args..., {options}), ..., endpoint=None, token=WRITER) -> what the calls give, in a process
    of their own whose Hub is the stand-in; what keras_vdd refuses is a dict with `error` and `kind`.
    """
    from hub.stand_in import WRITER

    def run(*calls, endpoint=None, token=WRITER, code=CALLS, **more):
        lines = [(verb, args, options) for verb, *args, options in calls]
        settings = {
            "HF_ENDPOINT": endpoint or hub.address,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
            **({"HF_TOKEN": token} if token else {}),
        }
        out = fresh(code, json.dumps(lines, default=str), **(settings | more))
        return [json.loads(line) for line in out.splitlines()]

    return run


@pytest.fixture
def closed():
    """An address where nobody listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
