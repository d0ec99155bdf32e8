"""Results that are carried by hand: shards and manifests out, verified and taken in here."""

import hashlib
import json
import os
import re
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from runners import events
from runners.carried import ferry as ferrying
from runners.carried import taking
from runners.carried.arrivals import Folder, opened
from runners.carried.ferry import AnotherWriterError, Ferry
from runners.carried.manifest import Manifest, is_known, manifest_name
from runners.carried.taking import has_finished, take_in
from runners.errors import CarriedError, NotAllHereError
from runners.events import EventWriter, LineWriter
from runners.rundir import RunDir
from runners.spec import RunSpec

DOCUMENT = (Path(__file__).parents[2] / "docs" / "run-directory.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def home(tmp_path):
    """Return the run directory of the terminal, which has only its own half."""
    run = RunDir.create(tmp_path / "home" / "a-run", RunSpec(name="a-run", task="sample"), prompts_jsonl=b"{}\n")
    run.new_attempt()
    return run


@pytest.fixture
def away(home, tmp_path):
    """Return the copy of it that a job works in."""
    shutil.copytree(home.path, tmp_path / "away" / "a-run")
    return RunDir(tmp_path / "away" / "a-run")


def speak(run, *types, attempt=1):
    run.attempt(attempt).mkdir(exist_ok=True)
    writer = EventWriter(run.events(attempt), attempt)
    for type in types:
        fields = {"stopped": {"reason": "r"}, "finished": {"seconds": 1}, "warning": {"message": "é" * 3}}
        writer.emit(type, fields.get(type, {}))
    writer.close()


def checkpoint(run, step, data=b"weights"):
    (run.checkpoint(step) / "adapter").mkdir(parents=True)
    (run.checkpoint(step) / "adapter" / "adapter_model.safetensors").write_bytes(data)
    (run.checkpoint(step) / "state.pt").write_bytes(data * 2)


def work(run):
    """Write a little of everything."""
    run.traces.mkdir(exist_ok=True)
    (run.traces / "base-000000-a%20b-0.json").write_text("{}")
    LineWriter(run.samples).write({"of": "base", "index": 0})
    checkpoint(run, 10)
    run.best_json.write_text(json.dumps({"step": 10, "path": "checkpoints/step-000010", "val_loss": 2.5}))
    run.log(1).write_text("started\nhalf a li")
    speak(run, "heartbeat", "warning")


def tree(run):
    """Return every file that the job wrote, with its bytes."""
    ours = {"spec.json", "prompts.jsonl"}
    files = {p.relative_to(run.path).as_posix(): p.read_bytes() for p in run.path.rglob("*") if p.is_file()}
    return {name: data for name, data in files.items() if name not in ours and not Path(name).name.startswith(".")}


def zipped(results, path, *, change=None):
    """Zip a folder of results; `change` gets the members by name and may do to them what it likes."""
    members = {p.relative_to(results).as_posix(): p.read_bytes() for p in sorted(results.rglob("*")) if p.is_file()}
    if change is not None:
        change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def brought(path, run):
    with opened([path]) as arrival:
        return take_in(arrival, run)


def newest(members):
    name = max(name for name in members if name.startswith("manifest-"))
    return name, json.loads(members[name])


def retold(members, change):
    """Change the newest manifest of some members."""
    name, data = newest(members)
    change(data)
    members[name] = json.dumps(data).encode()


def renamed(members, old, new):
    """Give a file another name, in the archive and in its manifest."""
    members[new] = members.pop(old)
    retold(members, lambda data: data["files"].update({new: data["files"].pop(old)}))


def test_what_a_job_wrote_comes_home_byte_for_byte(home, away, tmp_path):
    work(away)
    away.rc(1).write_text("0\n")
    assert Ferry(away, tmp_path / "results").carry()
    taken = take_in(Folder(tmp_path / "results"), home)
    assert taken.files > 0
    assert tree(home) == {**tree(away), "checkpoints/best.json": home.best_json.read_bytes()}
    assert json.loads(home.best_json.read_text()) == json.loads(away.best_json.read_text())


def test_a_round_with_nothing_new_writes_nothing_and_taking_it_in_again_changes_nothing(home, away, tmp_path):
    work(away)
    ferry = Ferry(away, tmp_path / "results")
    ferry.carry()
    assert not ferry.carry()
    take_in(Folder(tmp_path / "results"), home)
    before = {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if path.is_file()}
    assert take_in(Folder(tmp_path / "results"), home).files == 0
    assert {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if path.is_file()} == before


def test_no_file_of_the_results_is_ever_changed(away, tmp_path):
    results = tmp_path / "results"
    ferry = Ferry(away, results)
    seen = {}
    for step in range(1, 6):
        speak(away, "heartbeat")
        LineWriter(away.samples).write({"index": step})
        away.best_json.parent.mkdir(exist_ok=True)
        away.best_json.write_text(json.dumps({"step": step}))
        ferry.carry()
        now = {path: (path.stat().st_ino, path.read_bytes()) for path in results.rglob("*") if path.is_file()}
        assert all(now[path] == seen[path] for path in seen.keys() & now.keys())
        seen = now
    assert sorted(path.name for path in results.glob("manifest-*")) == [manifest_name(n) for n in (3, 4, 5)]


def test_only_whole_lines_are_carried_and_of_a_log_everything(home, away, tmp_path):
    work(away)
    with away.samples.open("ab") as file:
        file.write(b'{"of": "base", "ind')
    Ferry(away, tmp_path / "results").carry()
    take_in(Folder(tmp_path / "results"), home)
    assert home.samples.read_bytes() == b'{"of": "base", "index": 0}\n'
    assert home.log(1).read_text() == "started\nhalf a li"


def test_a_long_file_is_cut_behind_lines(home, away, tmp_path, monkeypatch):
    monkeypatch.setattr(ferrying, "SHARD_BYTES", 100)
    work(away)
    for index in range(40):
        LineWriter(away.samples).write({"index": index, "text": "a" * (index * 5)})
    Ferry(away, tmp_path / "results").carry()
    shards = sorted((tmp_path / "results" / "samples").iterdir())
    assert len(shards) > 20
    assert all(path.read_bytes().endswith(b"\n") for path in shards)
    take_in(Folder(tmp_path / "results"), home)
    assert tree(home)["samples.jsonl"] == tree(away)["samples.jsonl"]


def test_a_checkpoint_that_its_rule_deleted_goes_from_the_results_and_from_home(home, away, tmp_path):
    work(away)
    ferry = Ferry(away, tmp_path / "results")
    ferry.carry()
    take_in(Folder(tmp_path / "results"), home)
    zipped(tmp_path / "results", tmp_path / "older.zip")
    checkpoint(away, 20)
    shutil.rmtree(away.checkpoint(10))
    writer = EventWriter(away.events(1), 1)
    writer.emit("pruned", {"step": 10, "path": "checkpoints/step-000010"})
    ferry.carry()
    assert sorted(path.name for path in (tmp_path / "results" / "checkpoints").glob("*/state.pt")) == ["state.pt"]
    take_in(Folder(tmp_path / "results"), home)
    assert home.checkpoint_steps() == [20]
    brought(tmp_path / "older.zip", home)
    assert home.checkpoint_steps() == [20]


def test_older_results_take_nothing_back(home, away, tmp_path):
    work(away)
    ferry = Ferry(away, tmp_path / "results")
    ferry.carry()
    older = zipped(tmp_path / "results", tmp_path / "results.zip")
    speak(away, "finished")
    away.rc(1).write_text("0\n")
    away.best_json.write_text('{"step": 20}')
    ferry.carry()
    take_in(Folder(tmp_path / "results"), home)
    before = tree(home)
    assert brought(older, home).files == 0
    assert tree(home) == before


def test_the_newest_state_of_which_all_is_here_counts_and_the_rest_is_waited_for(home, away, tmp_path):
    results = tmp_path / "results"
    work(away)
    ferry = Ferry(away, results)
    ferry.carry()
    speak(away, "finished")
    ferry.carry()
    late = results / "attempts" / "001" / "events" / "000002.jsonl"
    late.rename(tmp_path / "late")
    assert take_in(Folder(results), home).manifest.number == 1
    (tmp_path / "late").rename(late)
    assert take_in(Folder(results), home).manifest.number == 2


def test_half_synced_results_wait_and_say_how_many_files_are_here(home, away, tmp_path):
    results = tmp_path / "results"
    work(away)
    Ferry(away, results).carry()
    total = len(json.loads((results / manifest_name(1)).read_text())["files"])
    (results / "samples" / "000001.jsonl").write_bytes(b"ha")
    shutil.rmtree(results / "traces")
    with pytest.raises(NotAllHereError, match=f"not all has arrived: {total - 2} of {total} files"):
        take_in(Folder(results), home)
    assert tree(home) == {}


def test_a_file_of_the_right_size_and_other_bytes_is_refused_and_nothing_is_taken_in(home, away, tmp_path):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    shard = tmp_path / "results" / "samples" / "000001.jsonl"
    shard.write_bytes(bytes(reversed(shard.read_bytes())))
    with pytest.raises(CarriedError, match=r"samples/000001.jsonl is damaged"):
        take_in(Folder(tmp_path / "results"), home)
    assert tree(home) == {}


def test_results_of_another_run_are_refused(home, away, tmp_path):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    path = zipped(
        tmp_path / "results",
        tmp_path / "r.zip",
        change=lambda members: retold(members, lambda data: data.update(run="b-run")),
    )
    with pytest.raises(CarriedError, match="results of the run b-run, not of a-run"):
        brought(path, home)


def test_results_of_another_spec_are_refused(home, away, tmp_path):
    away.spec_json.write_text(away.spec_json.read_text().replace('"seed": 1', '"seed": 2'))
    work(away)
    Ferry(away, tmp_path / "results").carry()
    with pytest.raises(CarriedError, match="of another spec than a-run has here"):
        take_in(Folder(tmp_path / "results"), home)


def test_results_of_two_machines_at_once_are_not_mixed(home, away, tmp_path):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    take_in(Folder(tmp_path / "results"), home)
    shutil.rmtree(tmp_path / "results")
    away.samples.write_bytes(b'{"of": "base", "index": 1}\n{"of": "base", "index": 2}\n')
    Ferry(away, tmp_path / "results").carry()
    before = tree(home)
    with pytest.raises(CarriedError, match="from two machines at once"):
        take_in(Folder(tmp_path / "results"), home)
    assert tree(home) == before


def test_a_machine_that_finds_a_newer_manifest_of_another_carries_no_more(away, tmp_path):
    work(away)
    first = Ferry(away, tmp_path / "results")
    first.carry()
    shutil.copytree(away.path, tmp_path / "third" / "a-run", ignore=shutil.ignore_patterns(".writer"))
    third = RunDir(tmp_path / "third" / "a-run")
    speak(third, "heartbeat")
    Ferry(third, tmp_path / "results").carry()
    speak(away, "heartbeat")
    with pytest.raises(AnotherWriterError, match="another machine carries this run on"):
        first.carry()


def test_shards_that_a_cut_round_left_are_neither_read_nor_written_over(home, away, tmp_path):
    work(away)
    stray = tmp_path / "results" / "samples" / "000001.jsonl"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"left\n")
    Ferry(away, tmp_path / "results").carry()
    assert stray.read_bytes() == b"left\n"
    take_in(Folder(tmp_path / "results"), home)
    assert tree(home)["samples.jsonl"] == tree(away)["samples.jsonl"]


@pytest.mark.parametrize(
    "name",
    [
        "../outside.json",
        "/etc/outside.json",
        "traces/../../outside.json",
        "traces/a/b.json",
        "traces/.hidden.json",
        "traces/a\\b.json",
        "traces/C:b.json",
        "traces/a\nb.json",
        "traces/",
        "checkpoints/step-000010/../../spec.json",
        "checkpoints/step-000010/./x",
        "checkpoints/best.json",
        "spec.json",
        "dataset/train.jsonl",
        "attempts/001/rc",
        "attempts/001/job.json",
        "attempts/001/events.jsonl",
        "attempts/1/events/000001.jsonl",
        "samples/000001.txt",
        "stop",
    ],
)
def test_a_name_that_is_none_of_the_results_is_refused_with_everything_beside_it(home, away, tmp_path, name):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    path = zipped(
        tmp_path / "results",
        tmp_path / "r.zip",
        change=lambda members: renamed(members, "samples/000001.jsonl", name),
    )
    assert not is_known(name)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CarriedError, match="which is none of a run's results"):
        brought(path, home)
    assert sorted(tmp_path.rglob("*")) == before


def test_members_that_no_manifest_names_are_not_unpacked(home, away, tmp_path):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    path = zipped(
        tmp_path / "results",
        tmp_path / "r.zip",
        change=lambda members: members.update({"../../evil": b"x", "/tmp/evil": b"x", "spec.json": b"{}"}),
    )
    brought(path, home)
    assert set(tree(home)) == set(tree(away))
    assert not list(tmp_path.rglob("evil"))


def test_an_archive_with_a_link_is_refused(home, away, tmp_path):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    path = zipped(tmp_path / "results", tmp_path / "r.zip", change=lambda members: members.pop("samples/000001.jsonl"))
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("samples/000001.jsonl")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(CarriedError, match="is a link"):
        brought(path, home)


@pytest.mark.parametrize("linked", ["samples/000001.jsonl", "samples"])
def test_a_link_in_a_folder_is_never_followed(home, away, tmp_path, linked):
    results = tmp_path / "results"
    work(away)
    Ferry(away, results).carry()
    (results / linked).rename(tmp_path / "elsewhere")
    (results / linked).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotAllHereError):
        take_in(Folder(results), home)


class Lying(Folder):
    """A folder that says of every file what its manifest says."""

    def size(self, name):
        return json.loads((Path(self.name) / manifest_name(1)).read_text())["files"][name]["bytes"]

    def open(self, name):
        return (Path(self.name) / name).open("rb")


def test_a_file_that_unpacks_to_more_than_its_manifest_says_is_read_no_further(home, away, tmp_path):
    results = tmp_path / "results"
    work(away)
    Ferry(away, results).carry()
    shard = results / "samples" / "000001.jsonl"
    with shard.open("ab") as file:
        file.truncate(1 << 33)
    with pytest.raises(NotAllHereError):
        take_in(Folder(results), home)
    with pytest.raises(CarriedError, match=r"samples/000001.jsonl is damaged"):
        take_in(Lying(results), home)
    assert tree(home) == {}


def test_results_that_do_not_fit_on_the_disk_are_refused(home, away, tmp_path, monkeypatch):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(taking.shutil, "disk_usage", lambda path: usage._replace(free=taking.ROOM_BYTES))
    with pytest.raises(CarriedError, match="Make room, and bring them again"):
        take_in(Folder(tmp_path / "results"), home)
    assert tree(home) == {}


@pytest.mark.parametrize("seed", range(60))
def test_a_mutated_zip_is_refused_with_a_sentence_or_brings_what_was_packed(home, away, tmp_path, seed):
    work(away)
    speak(away, "finished")
    Ferry(away, tmp_path / "results").carry()
    path = zipped(tmp_path / "results", tmp_path / "r.zip")
    data = bytearray(path.read_bytes())
    digest = hashlib.sha256(str(seed).encode()).digest()
    at = int.from_bytes(digest[:4]) % len(data)
    if seed % 3 == 0:
        del data[at:]
    elif seed % 3 == 1:
        data[at] ^= 1 + digest[5] % 255
    else:
        data[at : at + 8] = digest[8:16]
    path.write_bytes(bytes(data))
    try:
        brought(path, home)
    except CarriedError:
        assert tree(home) == {}
    else:
        assert tree(home) == {**tree(away), "checkpoints/best.json": home.best_json.read_bytes()}


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"schema_version": 1}', '{"schema_version": 9}', "{" * 9999])
def test_a_manifest_that_is_none_is_refused(text):
    with pytest.raises(CarriedError):
        Manifest.from_json(text, "m")


def test_what_is_no_zip_or_no_results_is_said(home, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"<html>")
    zipfile.ZipFile(tmp_path / "b.zip", "w").close()
    for name, words in (("a.zip", "no zip that can be read"), ("b.zip", "no manifest in it"), ("c.zip", "no such")):
        with pytest.raises(CarriedError, match=words):
            brought(tmp_path / name, home)


@pytest.mark.parametrize("name", [b"\xff\xfe", b"\xc3"])
def test_an_archive_with_a_name_that_is_no_text_is_refused_with_a_sentence(home, away, tmp_path, name):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    path = zipped(
        tmp_path / "results", tmp_path / "r.zip", change=lambda members: members.update({"ä" * len(name): b""})
    )
    path.write_bytes(path.read_bytes().replace("ä".encode() * len(name), (name * 2)[: 2 * len(name)]))
    with pytest.raises(CarriedError, match="no zip that can be read"):
        brought(path, home)
    assert tree(home) == {}


def test_a_member_without_a_name_is_no_file(home, away, tmp_path):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    path = zipped(tmp_path / "results", tmp_path / "r.zip", change=lambda members: members.update({"nameless": b""}))
    path.write_bytes(path.read_bytes().replace(b"nameless", b"\0ameless"))
    with zipfile.ZipFile(path) as archive:
        assert "" in archive.namelist()
    brought(path, home)
    assert home.samples.read_bytes() == away.samples.read_bytes()


def test_a_folder_that_came_as_several_zips_is_read_as_one(home, away, tmp_path):
    work(away)
    Ferry(away, tmp_path / "results").carry()
    members = [path for path in sorted((tmp_path / "results").rglob("*")) if path.is_file()]
    paths = [tmp_path / "drive-001.zip", tmp_path / "drive-002.zip"]
    for number, path in enumerate(paths):
        with zipfile.ZipFile(path, "w") as archive:
            for member in members[number::2]:
                archive.write(member, f"a-run/results/{member.relative_to(tmp_path / 'results')}")
    with opened(paths) as arrival:
        take_in(arrival, home)
    assert set(tree(home)) == set(tree(away))
    with pytest.raises(CarriedError), opened(paths[:1]) as arrival:
        take_in(arrival, home)


def test_the_document_shows_a_manifest_as_it_is_written(away, tmp_path):
    work(away)
    away.rc(1).write_text("0\n")
    Ferry(away, tmp_path / "results").carry()
    written = json.loads((tmp_path / "results" / manifest_name(1)).read_text())
    section = DOCUMENT.split("## Carried by hand")[1].split("\n## ")[0]
    example = json.loads(section.split("```json")[1].split("```")[0])
    assert list(example) == list(written)
    assert set(next(iter(example["files"].values()))) == set(next(iter(written["files"].values())))
    names = re.findall(r"^(\S+)\s{2,}", section.split("```")[1], flags=re.M)
    patterns = [re.sub(r"NNN+", r"\\d+", re.escape(name).replace("NAME", ".+")) for name in names]
    found = [path.relative_to(tmp_path / "results").as_posix() for path in (tmp_path / "results").rglob("*")]
    files = [name for name in found if (tmp_path / "results" / name).is_file()]
    assert all(any(re.fullmatch(pattern, name) for pattern in patterns) for name in files)
    assert all(any(re.fullmatch(pattern, name) for name in files) for pattern in patterns)


def test_that_a_run_has_finished_is_read_from_its_last_lines(away, monkeypatch):
    speak(away, *["heartbeat"] * 1500, "finished")
    read, read_lines = [], events.read_lines
    monkeypatch.setattr(events, "read_lines", lambda *given: read.append(read_lines(*given)) or read[-1])
    assert has_finished(away, 1)
    assert sum(len(rows) for rows, _ in read) < 1000
    speak(away, *["heartbeat"] * 9, attempt=2)
    assert not has_finished(away, 2)
    assert not has_finished(away, 3)
