import hashlib
import re

import jax

from samn_jax import provenance as manifest


def test_description_names_code_versions_and_hardware():
    facts = manifest.describe()
    assert facts["packages"]["jax"] == jax.__version__
    assert facts["hardware"]["cpu_cores"] >= 1
    assert re.match(r"\d{4}-\d\d-\d\dT", facts["time_utc"])
    commit = facts["git_commit"]
    assert commit is None or re.fullmatch(r"[0-9a-f]{40}(\+changes)?", commit)


def test_devices_are_those_of_jax():
    assert len(manifest.devices()) == jax.device_count()


def test_sha256_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert manifest.file_sha256(tmp_path / "a") == digest
