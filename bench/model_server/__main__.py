"""`python -m bench.model_server [--port N] [--endpoints N] …`: serves until it is told to stop; prints its addresses.

Every address has counters of its own (`GET /__stats`) and takes settings while it runs (`POST /__set`, a JSON object
of the options' names).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields

from bench.model_server.counts import Counts, Window
from bench.model_server.endpoint import Behaviour, Endpoint
from bench.model_server.failures import KINDS, failures


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve."""
    about = "\n".join(f"  {kind:<10}{what}" for kind, what in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench.model_server",
        description=__doc__,
        epilog=f"failures: KIND[:SECONDS][%SHARE][xTIMES],… where KIND is a status or\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="of the first address; 0: any that are free")
    parser.add_argument("--endpoints", type=int, default=1, help="how many addresses")
    parser.add_argument("--until-eof", action="store_true", help="stop at the end of standard input")
    plain = Behaviour()
    for field in fields(Behaviour):
        default = getattr(plain, field.name)
        parser.add_argument(f"--{field.name}", type=type(default), default=default, help=f"default: {default!r}")
    given = vars(parser.parse_args(arguments))
    behaviour = Behaviour(**{field.name: given[field.name] for field in fields(Behaviour)})
    try:
        failures(behaviour.inject)
    except ValueError as error:
        parser.error(str(error))
    asyncio.run(_serve(behaviour, given["port"], given["endpoints"], until_eof=given["until_eof"]))


async def _serve(behaviour: Behaviour, port: int, endpoints: int, *, until_eof: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    if until_eof:
        loop.add_reader(sys.stdin.fileno(), stop.set)
    overall = Counts(Window(behaviour.window))
    async with contextlib.AsyncExitStack() as servers:
        for number in range(endpoints):
            endpoint = Endpoint(behaviour, overall)
            server = await loop.create_server(
                endpoint.connection, "127.0.0.1", port + number if port else 0, backlog=1024
            )
            servers.callback(server.close)
            print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
