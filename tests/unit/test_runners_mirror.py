"""What a host is not trusted with: names, sizes and offsets that no job of ours has."""

import shutil
import tempfile
from contextlib import contextmanager

import pytest

from runners.errors import PlaceError
from runners.events import EventWriter
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
        (("samples.jsonl", 4, -1), "does not go on where it ends here"),
        (("samples.jsonl", 4, 9 << 20), "more than a look brings"),
        (("samples.jsonl", 4, 256 << 20), "^samples.jsonl has 257 MiB there, and a file of no more than 256 MiB is"),
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


def test_a_trace_that_is_larger_than_any_job_writes_stays_there_until_it_is_wanted(run):
    host = SaidByHost({"traces": [("a.json", 2), ("b.json", 3 << 20)]}, b"{}")
    with pytest.raises(PlaceError, match=r"^traces/b\.json has 3 MiB there, .* `largest_file_mib` of this place"):
        mirror.pull_traces(run, host, 2, machine=None, largest=2 << 20)
    assert [path.name for path in run.traces.iterdir()] == ["a.json"]
    host.told = {"traces": [("b.json", 3 << 20)]}
    mirror.pull_traces(run, host, 2, machine=None, largest=3 << 20)
    assert sorted(path.name for path in run.traces.iterdir()) == ["a.json", "b.json"]


def test_a_host_that_sends_a_trace_again_and_again_is_not_asked_for_ever(run):
    with pytest.raises(PlaceError, match="is no trace that was asked for"):
        mirror.pull_traces(run, SaidByHost({"traces": [("a.json", 2)]}, b"{}"), 2, machine=None)


def test_traces_for_which_there_is_no_room_here_are_not_fetched(run, monkeypatch):
    usage = shutil.disk_usage(run.path)
    monkeypatch.setattr(mirror.shutil, "disk_usage", lambda path: usage._replace(free=mirror.ROOM_BYTES + 1))
    with pytest.raises(PlaceError, match="of traces are still to come"):
        mirror.pull_traces(run, SaidByHost({"traces": [("a.json", 2)]}, b"{}"), 1, machine=None)
    assert list(run.traces.iterdir()) == []


@pytest.mark.parametrize("size", [-1, 4, 1 << 50])
def test_a_file_of_a_checkpoint_of_another_size_than_was_told_is_not_read(run, size):
    class Host(SaidByHost):
        @contextmanager
        def asked(self, do, **question):
            yield (self.told if do == "checkpoints" else {"bytes": size}), self

    told = {"checkpoints": {"step-000010": {"state.pt": 3}}, "best": None}
    with pytest.raises(PlaceError, match=r"state.pt has .* bytes there, and 3 were told of"):
        mirror.pull_checkpoints(run, Host(told), lambda done, total: None, machine=None)


def test_events_are_read_for_deleted_checkpoints_only_where_one_here_stands_no_more_there(run, monkeypatch):
    run.new_attempt()
    writer = EventWriter(run.events(1), 1)
    writer.emit("pruned", {"step": 10, "path": "checkpoints/step-000010"})
    writer.close()
    for step in (10, 20):
        run.checkpoint(step).mkdir(parents=True)
    read, read_lines = [], mirror.read_lines
    monkeypatch.setattr(mirror, "read_lines", lambda *given: read.append(given) or read_lines(*given))
    mirror._drop_pruned(run, {"step-000010": {}, "step-000020": {}})
    assert (run.checkpoint_steps(), read) == ([10, 20], [])
    mirror._drop_pruned(run, {"step-000020": {}})
    assert (run.checkpoint_steps(), len(read)) == ([20], 1)


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
