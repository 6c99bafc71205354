"""How many programs XLA compiles in a block."""

import contextlib

import jax.monitoring

_EVENT = "/jax/core/compile/backend_compile_duration"


@contextlib.contextmanager
def count_compilations():
    """Yields a list that gets an entry for every compilation."""
    found = []

    def listen(event, duration, **_):
        if event == _EVENT:
            found.append(duration)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
