import os

import pytest

from samn_jax import places
from samn_jax.errors import InputError


def test_what_lies_in_a_folder_is_told_from_what_a_link_leads_out(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    assert places.inside(root, root / "a" / "b") == root / "a" / "b"
    (root / "out").symlink_to(tmp_path)
    (root / "circle").symlink_to(root / "circle")
    for name in ("out/a", "circle/a", "../a"):
        with pytest.raises(InputError, match="lies outside"):
            places.inside(root, root / name)


def test_an_output_is_no_input_by_any_name(tmp_path):
    source, link = tmp_path / "a", tmp_path / "b"
    source.write_text("")
    os.link(source, link)
    places.check_other(tmp_path / "c", [source])
    for output in (source, link, tmp_path / "." / "a"):
        with pytest.raises(InputError, match="is the input file"):
            places.check_other(output, [source])
