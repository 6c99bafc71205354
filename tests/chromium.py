"""Headless Chromium for tests; what needs it is skipped where there is none."""

import contextlib
import shutil

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
NEEDED = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromium-driver are missing"
)
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader", "--window-size=1500,1100",
)  # fmt: skip


@contextlib.contextmanager
def opened(address):
    """Yields selenium's driver of a browser that shows an address."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
    options = webdriver.ChromeOptions()
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.binary_location = CHROMIUM
    service = webdriver.ChromeService(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.get(address)
        yield driver
    finally:
        driver.quit()
