"""Files are whole or not there, keep their mode, and replace nothing that is no file."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from autograd import AutogradValueError
from autograd.tools.files import _mark, write
from nn import MLP

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes, pipes and processes")


@posix
def test_a_file_that_is_replaced_leaves_its_permissions(tmp_path):
    path = tmp_path / "a.json"
    for mode in (0o600, 0o644, 0o640):
        path.write_text("old")
        path.chmod(mode)
        write(path, "new")
        assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_text() == "new"


@posix
def test_pipes_devices_and_folders_are_refused_and_stay(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/null", "/", "", "a\0b", f"{tmp_path}/new/"):
        with pytest.raises(AutogradValueError, match="save: "):
            write(path, "x")
        with pytest.raises(AutogradValueError, match="save: "):
            MLP(1, [1], seed=0).save(path)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode) and os.listdir(tmp_path) == ["pipe"]


def test_errors_name_the_path_as_it_was_given(tmp_path):
    with pytest.raises(OSError) as caught:
        write(tmp_path / "nowhere" / "a.txt", "x")
    assert caught.value.filename == str(tmp_path / "nowhere" / "a.txt")
    with pytest.raises(OSError) as caught:
        write(str(tmp_path / ("x" * 300)), "x")
    assert caught.value.filename == str(tmp_path / ("x" * 300))


@posix
def test_what_a_killed_process_has_left_is_swept_away_and_a_living_ones_stays(tmp_path):
    script = (
        "import os, signal, sys\n"
        "from autograd.tools import files\n"
        "files.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write(sys.argv[1], 'half')\n"
    )
    path = tmp_path / "a.txt"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == -9 and path.read_text() == "old"
    (draft,) = {*os.listdir(tmp_path)} - {"a.txt"}
    living = draft.replace(draft.split(".")[-2], str(os.getpid()))
    (tmp_path / living).write_text("of a process that lives")
    write(path, "new")
    assert path.read_text() == "new" and set(os.listdir(tmp_path)) == {"a.txt", living}


@posix
def test_a_full_disk_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(path, "new")
    assert caught.value.filename == str(path) and path.read_text() == "old" and os.listdir(tmp_path) == ["a.json"]


@posix
def test_a_link_stays_a_link_and_a_name_is_one_of_a_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "a.json")
    write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "a.json").read_text() == "new"
    for name, said in ((f"{tmp_path}/no/", "names a folder"), ("", "no name of a file"), ("a\0b", "no name of a file")):
        with pytest.raises(AutogradValueError, match=said):
            write(name, "new")


@posix
def test_the_draft_of_somebody_else_s_process_stays(tmp_path, monkeypatch):
    def not_ours(*_):
        raise PermissionError

    draft = tmp_path / f"{_mark(tmp_path / 'a.json')}123.abc"
    draft.write_text("theirs")
    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", not_ours)
        write(tmp_path / "a.json", "new")
    assert draft.exists()
