"""The memory lab: designs compared on long videos, with errors and costs."""
