"""How a tracker is run over a video: from the first frame, restarted, anchored."""
