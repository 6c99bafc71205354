"""Looking into memories: traces of tracked videos, and a page that shows them."""
