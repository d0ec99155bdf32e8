"""Watching real folders: however a file is saved, it is handed out once it stands still, and only then."""

import os
import queue
import subprocess
import sys
import threading

import pytest

from curation.watch import Places, Watcher, is_gone, standing, survey
from tests.conftest import ROOT

WAIT_S = 20.0


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "essays"
    folder.mkdir()
    (folder / "a.md").write_text("A.")
    return folder


@pytest.fixture(params=[True, False], ids=["events", "slow look"])
def watching(request, folder):
    """Watch a folder and a file outside of it; return a queue of what is handed out, after the first of all."""
    other = folder.parent / "other.md"
    other.write_text("O.")
    handed = queue.Queue()

    def changed(paths):
        handed.put({os.path.relpath(path, folder.parent) for path in paths})
        return True

    places = Places(folders=(folder,), files=(other,))
    # The slow look is what is tested without events; with them it must not be what finds anything.
    watcher = Watcher(
        lambda: places, changed, quiet_s=0.05, rescan_s=3600 if request.param else 0.1, native=request.param
    )
    watcher.start()
    assert handed.get(timeout=WAIT_S) == {"essays/a.md", "other.md"}
    yield handed
    watcher.stop()
    assert not watcher._thread.is_alive()


def until(handed, wanted):
    """Gather what is handed out until all that is wanted was."""
    seen = set()
    while not wanted <= seen:
        seen |= handed.get(timeout=WAIT_S)
    assert seen == wanted


def test_a_file_that_is_written_in_place(watching, folder):
    (folder / "a.md").write_text("A, longer.")
    until(watching, {"essays/a.md"})


def test_a_file_that_an_editor_saves_by_renaming(watching, folder):
    (folder / ".a.md.tmp").write_text("A, of the editor.")
    (folder / "a.md").rename(folder / "a.md~")
    (folder / ".a.md.tmp").replace(folder / "a.md")
    until(watching, {"essays/a.md"})


def test_files_that_come_go_and_are_renamed_in_folders_that_came_too(watching, folder):
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "b.md").write_text("B.")
    until(watching, {"essays/deep/er/b.md"})
    (folder / "deep" / "er" / "b.md").rename(folder / "c.md")
    until(watching, {"essays/deep/er/b.md", "essays/c.md"})
    (folder / "c.md").unlink()
    until(watching, {"essays/c.md"})


def test_a_single_file_outside_of_the_folders_and_no_neighbour_of_it(watching, folder):
    (folder.parent / "diary.md").write_text("Nobody's business.")
    (folder.parent / "other.md").write_text("O, longer.")
    until(watching, {"other.md"})


def test_a_file_written_by_another_process(watching, folder):
    script = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('A, from elsewhere.')"
    subprocess.run([sys.executable, "-c", script, str(folder / "a.md")], check=True)
    until(watching, {"essays/a.md"})


def test_a_file_that_is_still_being_written_is_not_handed_out(folder):
    """The writer goes on until a file beside it was handed out: the growing one was not, so it had to stand first."""
    handed = queue.Queue()
    done = threading.Event()
    grown = threading.Event()

    def changed(paths):
        handed.put({os.path.basename(path) for path in paths})
        return True

    def write_on():
        with (folder / "growing.md").open("w") as file:
            while not done.is_set():
                file.write("more and more words ")
                file.flush()
                grown.set()
                done.wait(0.005)

    # Looks are far apart, so that a writer which is held up for a moment does not seem to have ended.
    watcher = Watcher(lambda: Places(folders=(folder,)), changed, quiet_s=0.5)
    watcher.start()
    writer = threading.Thread(target=write_on)
    try:
        assert handed.get(timeout=WAIT_S) == {"a.md"}
        writer.start()
        assert grown.wait(WAIT_S)
        (folder / "b.md").write_text("B.")
        assert handed.get(timeout=WAIT_S) == {"b.md"}
        done.set()
        writer.join(WAIT_S)
        assert handed.get(timeout=WAIT_S) == {"growing.md"}
    finally:
        done.set()
        watcher.stop()


def test_what_cannot_be_taken_now_is_handed_out_again(folder):
    handed = queue.Queue()
    answers = iter([False, True])

    def changed(paths):
        handed.put(paths)
        return next(answers)

    watcher = Watcher(lambda: Places(folders=(folder,)), changed, quiet_s=0.01, rescan_s=0.05)
    watcher.start()
    try:
        first = handed.get(timeout=WAIT_S)
        assert first == handed.get(timeout=WAIT_S) == {str(folder / "a.md")}
    finally:
        watcher.stop()


def test_a_file_that_was_gone_before_is_handed_out_with_what_is_there(folder):
    handed = queue.Queue()
    gone = folder / "gone.md"
    places = Places(folders=(folder,), files=(folder / "a.md", gone))
    watcher = Watcher(lambda: places, lambda paths: handed.put(paths) is None, quiet_s=0.01)
    watcher.start()
    try:
        assert handed.get(timeout=WAIT_S) == {str(folder / "a.md"), str(gone)}
    finally:
        watcher.stop()


def test_a_folder_that_comes_later_is_watched_too(tmp_path):
    handed = queue.Queue()

    def changed(paths):
        handed.put({os.path.basename(path) for path in paths})
        return True

    watcher = Watcher(lambda: Places(folders=(tmp_path / "later",)), changed, quiet_s=0.01, rescan_s=0.05)
    watcher.start()
    try:
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "a.md").write_text("A.")
        assert handed.get(timeout=WAIT_S) == {"a.md"}
    finally:
        watcher.stop()


def test_a_survey_holds_markdown_alone_once_each_and_ends_in_loops(folder):
    for name in ("b.txt", "c.MD", ".hidden.md", "d.md~", "e.png"):
        (folder / name).write_text("x")
    (folder / "deep").mkdir()
    (folder / "deep" / "f.md").write_text("x")
    (folder / "deep" / "loop").symlink_to(folder)
    (folder / "link.md").symlink_to(folder / "a.md")
    (folder / "nowhere.md").symlink_to(folder / "gone.md")
    found = survey(Places(folders=(folder, folder / "deep"), files=(folder / "link.md", folder / "gone.md")))
    assert {os.path.relpath(path, folder) for path in found} == {"a.md", "b.txt", "c.MD", "deep/f.md"}


def test_what_stands_still_is_what_is_there_and_what_is_missing(folder):
    gone = folder.parent / "gone.md"
    places = Places(folders=(folder,), files=(gone,))
    assert standing(places, 0.0) == {str(folder / "a.md"), str(gone)}
    assert is_gone(gone)
    assert not is_gone(folder / "a.md")


def test_watchdog_is_not_imported_before_a_watcher_runs():
    code = (
        "import workbench.app, workbench.operations.looking, curation.watch, sys; "
        "curation.watch.Watcher(curation.watch.Places, bool); print('watchdog' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"
