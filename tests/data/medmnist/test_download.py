"""Paths of files, and downloads from a local server: intact, altered, truncated or absent."""

import gc
import hashlib
import http.server
import pathlib
import threading

import pytest

from medjax.data.medmnist import checksums, download
from medjax.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
BODY = b"pretend npz " * 1000


@pytest.fixture
def server(monkeypatch):
    """Serves ``server.body`` under every address, and stands in for Zenodo."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            self.send_response(server.status)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(server.body)

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.body, server.status, server.asked = BODY, 200, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "_RECORD", f"http://127.0.0.1:{server.server_port}/files")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
    gc.collect()  # requests leaves the connection of a failed answer to the garbage collector


@pytest.fixture
def path(tmp_path):
    """A path in a data root that does not exist yet."""
    return tmp_path / "root" / "bloodmnist_64.npz"


def _expect(monkeypatch, body):
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    monkeypatch.setattr(checksums, "official_md5", lambda name, *, size: digest)


def _download(path):
    download.download("bloodmnist", size=64, path=path)


def test_a_download_lands_whole_and_readable(server, path, monkeypatch, capsys):
    _expect(monkeypatch, BODY)
    _download(path)
    assert path.read_bytes() == BODY
    assert path.stat().st_mode & 0o044 == 0o044
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert server.asked == ["/files/bloodmnist_64.npz?download=1"]
    assert "%" not in capsys.readouterr().err  # no progress bar off a terminal


@pytest.mark.parametrize("cut", [None, 100])
def test_an_altered_or_cut_download_is_refused_and_leaves_nothing(server, path, monkeypatch, cut):
    _expect(monkeypatch, b"something else" if cut is None else BODY)
    server.body = BODY[:cut]
    with pytest.raises(UserError) as caught:
        _download(path)
    _assert_says_what_to_do(caught.value, path)
    assert list(path.parent.iterdir()) == []


def test_a_wrong_digest_says_so(server, path, monkeypatch):
    _expect(monkeypatch, b"something else")
    with pytest.raises(UserError, match=r"^refused the download of bloodmnist .*hash"):
        _download(path)


def test_a_server_error_is_one_line(server, path):
    server.status = 503
    with pytest.raises(UserError, match=r"^cannot download bloodmnist .*503") as caught:
        _download(path)
    _assert_says_what_to_do(caught.value, path)


def test_no_network_is_one_line(path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "_RECORD", "http://127.0.0.1:1/files")
    with pytest.raises(UserError, match=r"^cannot download bloodmnist") as caught:
        _download(path)
    _assert_says_what_to_do(caught.value, path)


def test_a_root_that_cannot_be_written_is_one_line(server, tmp_path):
    (tmp_path / "root").write_text("a file where the folder should be")
    with pytest.raises(UserError, match=r"^cannot download bloodmnist"):
        _download(tmp_path / "root" / "bloodmnist_64.npz")


def test_root_argument_then_environment_then_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MEDJAX_DATA_DIR", raising=False)
    assert download.data_root(None) == tmp_path / ".medmnist"
    monkeypatch.setenv("MEDJAX_DATA_DIR", "/elsewhere")
    assert download.data_root(None) == pathlib.Path("/elsewhere")
    assert download.data_root("~/mine") == tmp_path / "mine"
    monkeypatch.setenv("MEDJAX_DATA_DIR", "")
    assert download.data_root(None) == tmp_path / ".medmnist"
    assert not (tmp_path / ".medmnist").exists()


def _assert_says_what_to_do(error, path):
    message = str(error)
    assert "\n" not in message
    assert download.url("bloodmnist", size=64) in message
    assert f"put it at {path}" in message
