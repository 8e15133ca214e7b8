import errno
import functools
import os
import signal
import subprocess
import sys
import time

import filelock
import pytest

from medjax import store

# Holds the lock at the path that it is given until it is killed.
HOLDER = """
import errno, fcntl, os, pathlib, sys, time
from medjax import store

def refuse(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

if "without" in sys.argv:
    fcntl.flock = fcntl.lockf = refuse
with store.locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
# File systems without locks; the last number is the kernel's ENOTSUPP.
NO_LOCKS = [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, 524]


def refusing(number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.fixture
def holder(tmp_path):
    """``holder(*options)`` is another process that holds the lock ``tmp_path / "lock"``."""
    children = []

    def start(*options):
        command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock"), *options]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout.readline() == "held\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def waits(path):
    """Whether the lock is held by another process."""
    script = HOLDER.replace("time.sleep(60)", "pass")
    command = [sys.executable, "-c", script, str(path), "without"]
    try:
        subprocess.run(command, timeout=5, stdout=subprocess.PIPE)
    except subprocess.TimeoutExpired:
        return True
    return False


@pytest.mark.parametrize("number", NO_LOCKS)
def test_a_file_system_without_locks_gets_a_file_in_their_place(number, tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", refusing(number))
    for _ in range(2):
        with store.locked(tmp_path / "lock"):
            assert sorted(os.listdir(tmp_path)) == ["lock", "lock.held"]
            with pytest.raises(filelock.Timeout):
                filelock.SoftFileLease(tmp_path / "lock.held").acquire(blocking=False)
        assert os.listdir(tmp_path) == ["lock"]


def test_the_file_in_their_place_keeps_others_out_until_its_owner_is_killed(tmp_path, holder):
    child = holder("without")
    assert waits(tmp_path / "lock")
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not waits(tmp_path / "lock")


def test_a_lease_of_another_machine_lapses_unless_it_is_renewed(tmp_path, monkeypatch, caplog):
    short = functools.partial(filelock.SoftFileLease, lease_duration=0.5)
    monkeypatch.setattr(filelock, "SoftFileLease", short)
    monkeypatch.setattr(filelock.FileLock, "acquire", refusing(errno.ENOLCK))
    owner = "pid=1\nhost=elsewhere\nmode=lease\ntoken=1\nduration=0.5\nstart=1\n"
    (tmp_path / "lock.held").write_text(f"filelock/2\n{owner}")
    start = time.monotonic()
    with caplog.at_level("INFO"), store.locked(tmp_path / "lock"):
        assert time.monotonic() - start > 0.4
    assert caplog.messages == [
        f"cache: waiting for another process, which holds {tmp_path / 'lock.held'}"
    ]


def test_whoever_cannot_write_needs_no_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(filelock.FileLock, "acquire", refusing(errno.EROFS))
    monkeypatch.setattr(filelock.SoftFileLease, "acquire", refusing(errno.EROFS))
    with store.locked(tmp_path / "lock"):
        pass


def test_a_fault_of_the_disk_is_raised(tmp_path, monkeypatch):
    monkeypatch.setattr(filelock.FileLock, "acquire", refusing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"), store.locked(tmp_path / "lock"):
        pass


def test_a_group_that_shares_the_cache_shares_its_locks(tmp_path):
    before = os.umask(0o002)
    try:
        with store.locked(tmp_path / "lock"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o664
