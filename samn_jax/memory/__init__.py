"""Appearance memory: what is remembered, how it is weighed, and how it is read.

`design.Design` is the seam for other memories, `registry` knows them by name.
"""
