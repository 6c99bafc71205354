"""A page in the browser to track with: `session` knows, `app` shows."""
