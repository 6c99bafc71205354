import os

import pytest

from samn_jax import archives
from samn_jax.errors import InputError


def test_an_archive_depends_on_its_files_alone(tmp_path):
    source = tmp_path / "a.txt"
    source.write_text("content")
    packed = [tmp_path / "1.zip", tmp_path / "2.zip"]
    for number, archive in enumerate(packed):
        os.utime(source, (number, number))
        archives.write_archive(archive, [("folder/a.txt", source)])
    assert packed[0].read_bytes() == packed[1].read_bytes()
    with pytest.raises(InputError, match="begins with a dot"):
        archives.write_archive(packed[0], [("../a.txt", source)])
