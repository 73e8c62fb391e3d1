"""The dashboard as people use it, in Chromium: every page, live changes, buttons, keyboard, small and dark screens.

`UPDATE_SCREENSHOTS=1` writes the pictures of `docs/` anew.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from tests.service.web.browser import browsing, listening
from tests.service.web.conftest import LOGIN, House
from tests.service.web.scene import RECORDS, Scene

from codedesigner.service.database import open_database
from codedesigner.service.task import Task
from codedesigner.service.web.pages import PAGES

PICTURES = Path(__file__).parents[3] / "docs" / "service"


@dataclass
class Wall:
    """A browser that is signed in, and the service that it looks at."""

    chrome: webdriver.Chrome
    url: str
    scene: Scene
    tasks: dict[str, Task]

    def open(self, path: str) -> None:
        self.chrome.get(f"{self.url}{path}")

    def text(self, name: str = "main") -> str:
        return str(self.chrome.find_element(By.ID, name).text)

    def until(self, words: str, name: str = "main") -> None:
        waiting = WebDriverWait(self.chrome, 40, 0.05, [StaleElementReferenceException])
        waiting.until(lambda _chrome: words in self.text(name))

    def press(self, name: str) -> None:
        """Press a button, which may just be exchanged for its successor."""

        def pressed(chrome: webdriver.Chrome) -> bool:
            button = chrome.find_element(By.ID, name)
            button.click()
            return True

        missing = [StaleElementReferenceException, NoSuchElementException]
        WebDriverWait(self.chrome, 40, 0.05, missing).until(pressed)

    def complaints(self) -> list[dict[str, Any]]:
        log: list[dict[str, Any]] = self.chrome.get_log("browser")  # type: ignore[no-untyped-call]
        return [each for each in log if each["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    folder = tmp_path_factory.mktemp("wall")
    database = open_database(None, folder)
    scene = Scene(database)
    tasks = asyncio.run(scene.day())
    given = replace(House(database, outcomes=lambda: RECORDS).given, now=time.time, ticks=time.monotonic, every_s=0.1)
    try:
        with browsing(folder / "profile") as chrome, listening(given) as url:
            chrome.set_window_size(1280, 900)
            yield Wall(chrome, url, scene, tasks)
    finally:
        database.close()


@pytest.fixture
def inside(wall: Wall) -> Wall:
    """Signed in."""
    wall.open("/")
    if "/sign-in" in wall.chrome.current_url:
        field = wall.chrome.find_element(By.ID, "token")
        field.send_keys(LOGIN, Keys.ENTER)
        wall.until("octo/shop#15")
    return wall


def test_without_access_one_is_asked_to_sign_in(wall: Wall) -> None:
    for path in (*PAGES, f"/tasks/{wall.tasks['running'].id}"):
        wall.open(path)
        assert "/sign-in?next=" in wall.chrome.current_url
        assert "octo" not in wall.chrome.page_source
    wall.chrome.find_element(By.ID, "token").send_keys("wrong", Keys.ENTER)
    wall.until("That is not the token.")


def test_every_page_opens_without_a_complaint(inside: Wall) -> None:
    inside.complaints()  # those of before are read, and gone
    for path, words in {
        "/": "Queue",
        "/reviews": "octo/engine#7",
        "/findings": "Agreement",
        "/locations": "41 of",
    }.items():
        inside.open(path)
        inside.until(words)
        inside.until("live", "pulse")
    inside.open(f"/tasks/{inside.tasks['octo/shop'].id}")
    inside.until("Verdict")
    assert inside.complaints() == []


def test_what_happens_is_seen_without_loading_anew(inside: Wall) -> None:
    inside.open("/")
    inside.until("live", "pulse")
    inside.chrome.execute_script(
        "window.untouched = true; document.getElementById('task-' + arguments[0]).focus()", inside.tasks["running"].id
    )
    asyncio.run(inside.scene.asked("octo/brand-new", 77))
    inside.until("octo/brand-new#77", "queue")
    assert inside.chrome.execute_script("return window.untouched")
    focused = inside.chrome.switch_to.active_element.get_attribute("id")
    assert focused == f"task-{inside.tasks['running'].id}"


def test_pause_resume_and_recheck_are_pressed(inside: Wall) -> None:
    task = inside.tasks["waiting"]
    inside.open(f"/tasks/{task.id}")
    inside.press("act-pause")
    inside.until("Asked to pause.")
    inside.until("paused by a person", "task")
    inside.press("act-resume")
    inside.until("Asked to go on.")
    inside.press("act-recheck")
    inside.until("Asked for another review.")
    inside.until("generate questions", "stages")
    kept = asyncio.run(inside.scene.store.get(task.id))
    assert kept is not None
    assert not kept.held


def test_a_review_is_shown_by_its_steps_and_its_sources(inside: Wall) -> None:
    inside.open(f"/tasks/{inside.tasks['octo/shop'].id}")
    inside.until("4 sources", "steps")
    steps = [line for line in inside.text("steps").splitlines() if "explorer" in line or "researcher" in line]
    kinds = ["generate questions", "evaluate source", "extract content", "synthesize findings"]
    kinds += ["exploration", "critique", "synthesis", "review"]
    assert [line.removesuffix(" explorer").removesuffix(" researcher") for line in steps] == kinds
    assert "src/orders.py" in inside.text("sources")
    assert "#41" in inside.text("sources")
    assert "the change adds it" in inside.text("sources")


def test_a_review_is_cancelled(inside: Wall) -> None:
    task = asyncio.run(inside.scene.asked("octo/engine", 99))
    inside.open(f"/tasks/{task.id}")
    inside.press("act-cancel")
    inside.until("Asked to end.")
    inside.until("cancelled", "task")
    kept = asyncio.run(inside.scene.store.get(task.id))
    assert kept is not None
    assert kept.cancelled == "cancelled on the dashboard"


def test_all_of_it_is_reached_with_the_keyboard(inside: Wall) -> None:
    inside.open("/")
    reached = []
    for _ in range(12):
        ActionChains(inside.chrome).send_keys(Keys.TAB).perform()
        reached.append(inside.chrome.execute_script("return document.activeElement.textContent.trim()"))
    assert reached[0] == "Skip to the content"
    assert [one for one in reached if one in {"Overview", "Reviews", "Findings", "Locations", "Sign out"}] == [
        "Overview",
        "Reviews",
        "Findings",
        "Locations",
        "Sign out",
    ]
    assert "octo/shop#15" in reached


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(inside: Wall, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    inside.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for path in (*PAGES, f"/tasks/{inside.tasks['octo/shop'].id}", f"/tasks/{inside.tasks['running'].id}"):
            inside.open(path)
            wide = inside.chrome.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, path
    finally:
        inside.chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_both_schemes(inside: Wall, scheme: str) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    inside.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    inside.open("/")
    found = inside.chrome.execute_script(
        """
        const behind = (one) => { for (; one; one = one.parentElement) {
          const colour = getComputedStyle(one).backgroundColor;
          if (colour !== "rgba(0, 0, 0, 0)") return colour; } return "rgb(255, 255, 255)"; };
        return [...document.querySelectorAll("main *, header *")].filter((one) => one.childNodes.length
          && [...one.childNodes].some((part) => part.nodeType === 3 && part.textContent.trim())).map((one) =>
          [one.textContent.trim().slice(0, 40), getComputedStyle(one).color, behind(one)]);
        """
    )
    assert len(found) > 40
    for words, front, back in found:
        bright, dark = sorted((luminance(front), luminance(back)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (words, front, back)


def test_pictures_are_taken(inside: Wall) -> None:
    """Of every page, as `docs/service.md` shows them."""
    if not os.environ.get("UPDATE_SCREENSHOTS"):
        pytest.skip("UPDATE_SCREENSHOTS=1 writes them anew")
    PICTURES.mkdir(exist_ok=True)
    done, running = inside.tasks["octo/shop"].id, inside.tasks["running"].id
    pages = {"overview": "/", "review": f"/tasks/{done}", "running": f"/tasks/{running}"}
    pages |= {"findings": "/findings", "locations": "/locations", "reviews": "/reviews"}
    for name, path in pages.items():
        for scheme in ("light", "dark") if name == "overview" else ("dark",) if name == "running" else ("light",):
            media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            inside.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
            inside.open(path)
            inside.until("live", "pulse")
            inside.chrome.save_screenshot(str(PICTURES / f"{name}-{scheme}.png"))
    size = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    inside.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    inside.open("/")
    inside.until("live", "pulse")
    inside.chrome.save_screenshot(str(PICTURES / "overview-small.png"))
