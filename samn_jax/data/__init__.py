"""Readers of videos with masks, and what training makes of them."""
