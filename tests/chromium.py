"""The installed Chromium that browser tests drive: `apt-get install chromium`, or one named by INNODIVIDE_CHROMIUM."""

import os
import shutil
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "NO BROWSER TESTS WERE RUN: no Chromium found; apt-get install chromium, or name one in INNODIVIDE_CHROMIUM"

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


def executable() -> str | None:
    """Return the browser to test with."""
    return os.environ.get("INNODIVIDE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def started():
    """Give a running browser; one that cannot start is an error, not a skip."""
    from playwright.sync_api import sync_playwright

    # Chromium has no sandbox for root.
    rights = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable(), headless=True, args=rights)
        yield running
        running.close()


@contextmanager
def visitor(browser, address: str):
    """Give a function that opens pages; at the end none may have said, or asked for, anything but itself."""
    seen, contexts = [], []

    def watch(page, allowed):
        page.on("console", lambda message: seen.append(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda r: None if r.url.startswith(allowed) else seen.append(f"request: {r.url}"))

    def open_page(viewport=DESK, hash="", of=address, **options):
        context = browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        watch(page, (of, "data:"))
        page.goto(of + hash)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not seen


def barriers(page, impacts=("serious", "critical")) -> dict[str, str]:
    """Return what axe finds on a page: rule and the first element that breaks it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return {v["id"]: v["nodes"][0]["html"][:200] for v in found if v["impact"] in impacts}
