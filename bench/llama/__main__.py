"""`python -m bench.llama`: a real server with a model of noise, until Ctrl-C."""

from __future__ import annotations

import signal

from bench.llama.process import running

if __name__ == "__main__":
    with running() as server:
        print(f"{server.address} key {server.key}, {server.slots} slots of {server.context} tokens", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
