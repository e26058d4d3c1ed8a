"""Small sets, published ones, and processes of their own to read them in."""

import pytest
from small_sets import fresh, make_set

__all__ = ["fresh", "make_set"]


@pytest.fixture
def published(make_set, tmp_path):
    """A function (kind, dtype, **changes) -> (folder, file of what its rows must be)."""
    from datasets_hook.published_rows import publish_in

    def publish(kind="static-dynamic", dtype="float32", **changes):
        return publish_in(tmp_path / "set", make_set(kind, **changes), dtype)

    return publish
