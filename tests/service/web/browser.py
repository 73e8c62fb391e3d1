"""Chromium without a screen, and the service on a port, for tests that look at pages as people do."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from codedesigner.service.web.app import Given, build

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def programs() -> tuple[str, str]:
    """Chromium and its driver; the test is skipped, with the reason, where one is missing."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    return browser, driver


@contextmanager
def browsing(folder: Path, *, dark: bool = False) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own."""
    browser, driver = programs()
    options = Options()
    options.binary_location = browser
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={folder}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if dark:
        options.add_argument("--force-dark-mode")
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


@contextmanager
def listening(given: Given) -> Iterator[str]:
    """The service's pages at an address of this machine."""
    started = threading.Event()
    made: dict[str, object] = {}

    def serve() -> None:
        async def run() -> None:
            web = build(given)
            server = uvicorn.Server(
                uvicorn.Config(web.app, port=0, log_config=None, access_log=False, lifespan="off", ws="none")
            )
            task = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 -- it has no event
                await asyncio.sleep(0.01)
            made["port"] = server.servers[0].sockets[0].getsockname()[1]
            stopping = asyncio.Event()
            made["stop"] = stopping.set
            made["loop"] = asyncio.get_running_loop()
            started.set()
            await stopping.wait()
            web.streams.stop()
            server.should_exit = True
            await task

        asyncio.run(run())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield f"http://127.0.0.1:{made['port']}"
    finally:
        loop = made["loop"]
        assert isinstance(loop, asyncio.AbstractEventLoop)
        loop.call_soon_threadsafe(made["stop"])  # type: ignore[arg-type]
        thread.join(20)
