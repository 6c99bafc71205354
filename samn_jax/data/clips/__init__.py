"""Training clips: where they come from, how they are drawn and changed."""
