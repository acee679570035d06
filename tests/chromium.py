"""The installed Chromium that browser tests drive: `apt-get install chromium`, or one named by INNODIVIDE_CHROMIUM."""

import os
import shutil
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "NO BROWSER TESTS WERE RUN: no Chromium found; apt-get install chromium, or name one in INNODIVIDE_CHROMIUM"


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
