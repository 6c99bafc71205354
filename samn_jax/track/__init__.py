"""Tracking for users: a video and its objects in, pictures, masks and tables out.

`run.track` is the library function, `command` the command `samn-track`.
"""
