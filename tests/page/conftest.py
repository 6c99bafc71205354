"""The tracker of the command's tests serves the page's as well."""

from tests.track.conftest import tracker as tracker
