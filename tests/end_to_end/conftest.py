"""The browser of the page tests, for the whole program."""

from tests.browser.conftest import browser

__all__ = ["browser"]
