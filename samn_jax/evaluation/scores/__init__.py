"""Scores of result files on disk, benchmark by benchmark."""
