"""MD5 checksums of files, and of those that MedMNIST publishes."""

from medjax.data.medmnist import checksums, registry


def test_md5_is_that_of_the_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert checksums.md5(tmp_path / "x") == "900150983cd24fb0d6963f7d28e17f72"


def test_the_published_checksum_is_that_of_a_size():
    sizes = registry.SIZES
    found = tuple(checksums.official_md5("bloodmnist", size=size) for size in sizes)
    assert found == registry.REGISTRY["bloodmnist"].md5
