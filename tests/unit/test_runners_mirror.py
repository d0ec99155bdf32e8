"""What a host is not trusted with: names, sizes and offsets that no job of ours has."""

import shutil
import tempfile
from contextlib import contextmanager

import pytest

from runners.errors import PlaceError
from runners.places import mirror, ssh_client
from runners.places.ssh_client import Conversation, Destination
from runners.rundir import RunDir
from runners.spec import RunSpec


@pytest.fixture
def run(tmp_path):
    return RunDir.create(tmp_path / "runs" / "s1", RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")


def files(run):
    return sorted(path for path in run.path.parent.parent.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (("samples.jsonl", 3, 5), "does not go on where it ends here"),
        (("samples.jsonl", 1 << 50, 5), "does not go on where it ends here"),
        (("attempts/002/log.txt", 1, 5), "does not go on where it ends here"),
        (("samples.jsonl", 4, 1 << 40), "more than a look brings"),
    ],
)
def test_a_host_neither_cuts_a_file_here_nor_sends_without_end(told, message):
    with pytest.raises(PlaceError, match=message):
        mirror.require_continued([told], {"samples.jsonl": 4})
    mirror.require_continued([("samples.jsonl", 4, 5), ("attempts/002/log.txt", 0, 5)], {"samples.jsonl": 4})


class SaidByHost:
    """A host that answers what it likes."""

    name = "gpu"

    def __init__(self, told, data=b""):
        self.told, self.data = told, data

    @contextmanager
    def asked(self, do, **question):
        yield self.told, self

    def read(self, size):
        yield self.data[:size]


@pytest.mark.parametrize("name", ["../x.json", "/etc/x.json", ".x.json", "a/b.json", "x.sh", ""])
def test_a_host_writes_no_trace_but_a_trace(run, name):
    before = files(run)
    with pytest.raises(PlaceError, match="is no trace"):
        mirror.pull_traces(run, SaidByHost({"traces": [(name, 2)]}, b"{}"), 1, machine=None)
    assert files(run) == before


def test_checkpoints_for_which_there_is_no_room_here_are_not_fetched(run, monkeypatch):
    usage = shutil.disk_usage(run.path)
    monkeypatch.setattr(mirror.shutil, "disk_usage", lambda path: usage._replace(free=mirror.ROOM_BYTES + 9))
    told = {"checkpoints": {"step-000010": {"state.pt": 10}}, "best": None}
    with pytest.raises(PlaceError, match="Make room, and they come"):
        mirror.pull_checkpoints(run, SaidByHost(told), lambda done, total: None, machine=None)
    assert not run.checkpoints.exists()


def test_a_client_that_cannot_be_started_leaves_no_file_open(monkeypatch):
    opened = []
    plain = tempfile.TemporaryFile
    monkeypatch.setattr(ssh_client.tempfile, "TemporaryFile", lambda: opened.append(plain()) or opened[-1])
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PlaceError, match="ssh is not installed on this machine"):
        Conversation(Destination(host="gpu"), "true")
    assert [file.closed for file in opened] == [True]
