import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from runners.errors import PlaceError, UnreachableError
from runners.places import far_processes, mirror, ssh_client
from runners.places.base import Handle, Poll
from runners.places.far_host import FarHost
from runners.places.far_processes import is_alive, start_of
from runners.places.ssh import SshPlace
from runners.places.ssh_client import CancelledError, Conversation, Destination
from runners.rundir import RunDir
from runners.spec import AdapterSpec, ModelSpec, RunSpec, SessionSpec
from tests.contract.place_suite import (
    DIES_IN_A_LINE,
    FINISHES,
    WORKS_UNTIL_STOPPED,
    Kit,
    PlaceSuite,
    events,
    job,
    start,
    status,
    types,
    wait_for,
    wait_for_end,
    wait_until,
)
from tests.contract.ssh_server import Server, needs_sshd

pytestmark = needs_sshd

FOLDER = 'Ada\'s "first" übung'

SUBMITS = """
import json, sys
from pathlib import Path
from runners.places.ssh import SshPlace
from runners.places.ssh_client import Destination
from runners.rundir import RunDir
host, config, folder, code = sys.argv[2:]
command = [sys.executable, "-c", code]
place = SshPlace(
    "gpu", Destination(host=host, config=Path(config)), folder=folder, python=sys.executable, command=command
)
print(json.dumps(place.submit(RunDir(Path(sys.argv[1])), 1).data), flush=True)
sys.stdin.read()
"""
TRACES = """
with reporter:
    for index in range(3):
        reporter.sample(
            of="base", step=0, prompt="p", index=index, seed=1, text="t", token_ids=[1], tokens=1, seconds=0.1,
            trace={"prompt_tokens": 1, "canvas": 1, "commits": [[0, 0, 1, 0.5]]},
        )
    reporter.last_word("finished", {"seconds": 0.1})
"""
CHECKPOINTS = """
with reporter:
    for step in (10, 20, 30):
        folder = run_dir.checkpoint(step) / "adapter"
        folder.mkdir(parents=True)
        (folder / "weights").write_bytes(bytes([step]) * 3_000_000)
        (folder.parent / "state.pt").write_bytes(b"state")
        reporter.checkpoint(step, folder.parent)
    (run_dir.checkpoints / ".step-000040.building").mkdir()
    run_dir.best_json.write_text('{"step": 20}')
    import shutil
    shutil.rmtree(run_dir.checkpoint(10))
    reporter.pruned(10, run_dir.checkpoint(10))
    reporter.last_word("finished", {"seconds": 0.1})
"""


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ssh"))
    server.start()
    yield server
    server.stop()
    server.end_masters()


@pytest.fixture
def server(tmp_path):
    """A server that a test may stop and spoil."""
    server = Server(tmp_path / "ssh")
    server.start()
    yield server
    server.stop()
    server.end_masters()


def ssh_place(server, code=None, *, python=sys.executable, folder=f"~/{FOLDER}", **more):
    command = None if code is None else [sys.executable, "-c", code]
    destination = Destination(host=server.host, config=server.config)
    return SshPlace("gpu", destination, folder=folder, python=str(python), command=command, **more)


def kit_for(tmp_path, server):
    path = tmp_path / 'Ada\'s "first" $HOME übung' / "runs" / f"s-{tmp_path.name}"
    run_dir = RunDir.create(path, RunSpec(name="s1", task="sample"), prompts_jsonl=b"{}\n")
    return Kit(place=lambda code: ssh_place(server, code), run_dir=run_dir)


def there(server, kit):
    return RunDir(server.home / FOLDER / "runs" / kit.run_dir.path.name)


@pytest.fixture
def kit(tmp_path, shared_server):
    return kit_for(tmp_path, shared_server)


@pytest.fixture
def own(tmp_path, server):
    return kit_for(tmp_path, server)


class TestSshPlace(PlaceSuite):
    """The suite that all places pass, over a real sshd."""


def test_what_a_job_needs_and_nothing_else_is_there(kit, shared_server):
    place, _, handle = start(kit, FINISHES)
    wait_for_end(place, handle)
    found = {path.name for path in there(shared_server, kit).path.iterdir()}
    assert found == {"spec.json", "prompts.jsonl", "attempts", "samples.jsonl"}
    assert [path.name for path in (shared_server.home / FOLDER).iterdir() if path.is_dir()] != []


def test_the_adapter_of_a_sample_run_is_there_before_its_job(tmp_path, shared_server):
    adapter = tmp_path / "adapter of a run"
    (adapter / "deeper").mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(os.urandom(3_000_001))
    (adapter / "deeper" / "empty").write_bytes(b"")
    spec = RunSpec(name="s2", task="sample", adapter=AdapterSpec(run="r", checkpoint="c"))
    run_dir = RunDir.create(tmp_path / f"s2-{tmp_path.name}", spec, prompts_jsonl=b"{}\n", adapter=adapter)
    kit = Kit(place=lambda code: ssh_place(shared_server, code), run_dir=run_dir)
    place, attempt, handle = start(kit, "run_dir.verify()\n" + FINISHES)
    assert wait_for_end(place, handle) == Poll("ended", 0), run_dir.log(attempt).read_text()


def test_a_host_that_is_gone_is_never_taken_for_a_killed_job_and_nothing_is_lost_meanwhile(own, server):
    place, attempt, handle = start(own, WORKS_UNTIL_STOPPED)
    wait_for(own, place, attempt, "heartbeat")
    server.stop()
    assert place.poll(handle) == Poll("unknown")
    with pytest.raises(UnreachableError, match=r"127.0.0.1:\d+: it refused the connection"):
        place.look(own.run_dir, handle)
    server.start()
    before = len(there(server, own).events(attempt).read_text().splitlines())
    assert place.look(own.run_dir, handle) == Poll("running")
    rows = events(own, place, attempt)
    assert len(rows) >= before
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    place.stop(own.run_dir, handle)
    wait_for_end(place, handle)


def test_a_connection_that_is_killed_takes_no_job_along_and_is_made_anew(own, server):
    place, attempt, handle = start(own, WORKS_UNTIL_STOPPED)
    wait_for(own, place, attempt, "phase")
    assert server.masters()
    server.end_masters()
    before = len(events(own, place, attempt))
    wait_until(lambda: len(events(own, place, attempt)) > before + 2)
    assert place.poll(handle) == Poll("running")
    place.kill(handle)
    wait_for_end(place, handle)


def test_a_job_outlives_the_program_that_started_it(own, server):
    own.run_dir.new_attempt()
    arguments = [server.host, str(server.config), f"~/{FOLDER}", job(WORKS_UNTIL_STOPPED)]
    program = subprocess.Popen(
        [sys.executable, "-c", SUBMITS, str(own.run_dir.path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    handle = Handle(place="gpu", data=json.loads(program.stdout.readline()))
    program.kill()
    program.communicate()
    server.end_masters()
    place = ssh_place(server)
    wait_for(own, place, 1, "phase")
    assert place.poll(handle) == Poll("running")
    place.stop(own.run_dir, handle)
    assert wait_for_end(place, handle) == Poll("ended", 0)


def test_a_start_that_is_asked_for_twice_starts_one_job(own, server):
    place, attempt, handle = start(own, WORKS_UNTIL_STOPPED)
    wait_for(own, place, attempt, "phase")
    assert place.submit(own.run_dir, attempt) == handle
    assert types(own, place, attempt).count("started") == 1
    place.kill(handle)
    wait_for_end(place, handle)


def test_a_job_whose_supervisor_was_killed_still_runs_and_can_be_killed(own, server):
    place, attempt, handle = start(own, WORKS_UNTIL_STOPPED)
    wait_for(own, place, attempt, "phase")
    pid = int(there(server, own).pid(attempt).read_text())
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: start_of(pid) is None)
    assert place.poll(handle) == Poll("running")
    place.kill(handle)
    assert wait_for_end(place, handle) == Poll("gone")
    assert status(own, place, attempt, handle) == "killed"


@pytest.mark.parametrize("way", ["by /proc", "by ps"])
def test_another_process_with_the_same_number_is_not_taken_for_the_job(way, tmp_path, monkeypatch):
    if way == "by ps":
        # As on a system without /proc.
        if shutil.which("ps") is None:
            pytest.skip("ps is not installed")
        monkeypatch.setattr(far_processes, "_has_proc", lambda: False)
        # As in a shell that exports its width: the end of a command still tells.
        monkeypatch.setenv("COLUMNS", "80")
    elif not Path("/proc/self/stat").exists():
        pytest.skip("there is no /proc")
    code = "import time; time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], start_new_session=True)
    start = start_of(other.pid)
    assert is_alive(other.pid, start, "run")
    assert not is_alive(other.pid, f"{start}0", "run")
    # Nobody wrote its start down: then what it carries out tells.
    assert is_alive(other.pid, None, str(tmp_path))
    assert not is_alive(other.pid, None, "another run")
    other.kill()
    wait_until(lambda: psutil.Process(other.pid).status() == psutil.STATUS_ZOMBIE)
    assert start_of(other.pid) is None
    assert not is_alive(other.pid, start, "run")
    other.wait()


def test_a_session_is_refused_before_anything_is_sent(shared_server):
    (problem,) = ssh_place(shared_server).check(RunSpec(name="s", task="session", session=SessionSpec()))
    assert "a session runs on this machine only" in problem


def test_a_changed_host_key_is_told_apart_from_an_unknown_one_and_both_say_what_to_do(server):
    place = ssh_place(server, FINISHES)
    server.change_key()
    server.end_masters()
    (problem,) = place.check()
    assert "its host key is not the one you accepted" in problem
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}'" in problem
    server.forget()
    (problem,) = place.check()
    assert "its host key is not known yet" in problem
    assert f"`ssh -F {server.config} -p {server.port} 127.0.0.1` once by hand" in problem
    server.know()
    assert place.check() == []


def test_a_refused_key_and_a_name_that_is_no_host_say_what_to_do(server):
    (server.folder / "authorized_keys").write_text("")
    (problem,) = ssh_place(server).check()
    assert "it refused you" in problem
    assert "ssh-copy-id" in problem
    nowhere = SshPlace("gpu", Destination(host="no-such-host.invalid", config=server.config))
    (problem,) = nowhere.check()
    assert "no machine of that name was found" in problem


def test_a_python_that_is_missing_too_old_or_without_torch_is_told(server, tmp_path):
    (problem,) = ssh_place(server, python="no-such-python").check()
    assert "there is no no-such-python to run the jobs with" in problem
    old = tmp_path / "old python"
    old.write_text("#!/bin/sh\necho 'too old: 3.9' >&2\nexit 3\n")
    old.chmod(0o755)
    (problem,) = ssh_place(server, python=old, folder="~/elsewhere").check()
    assert f"{old} is Python 3.9, and jobs need 3.11 or newer" in problem
    bare = tmp_path / "bare python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    (problem,) = ssh_place(server, python=bare).check()
    assert "does not have torch, transformers, peft. Run `ssh" in problem
    assert ssh_place(server).check() == []


def test_a_model_folder_that_is_not_there_keeps_a_run_from_being_launched(shared_server, tmp_path):
    missing = RunSpec(name="s", task="sample", model=ModelSpec(id=str(tmp_path / "no model")))
    (problem,) = ssh_place(shared_server).check(missing)
    assert f"there is no folder {tmp_path / 'no model'}" in problem
    there = RunSpec(name="s", task="sample", model=ModelSpec(id=str(tmp_path)))
    assert ssh_place(shared_server).check(there) == []
    assert ssh_place(shared_server).check(RunSpec(name="s", task="sample")) == []


def test_a_full_disk_is_said_to_be_one(shared_server, monkeypatch):
    full = FarHost(destination=Destination(host="gpu"), folder="~/w", python="python3")
    with pytest.raises(PlaceError, match="gpu: its disk is full at ~/w. Make room there"):
        full._answer(b'{"error": "/w/x: No space left on device", "full": true}')


def test_what_a_login_shell_prints_is_not_taken_for_an_answer(own, server):
    noise = 'echo "Welcome, =workbench-0= writer"\nprintf "no line end"\necho "a warning" >&2\n'
    for name in (".bashrc", ".profile", ".zshenv"):
        (server.home / name).write_text(noise)
    place, attempt, handle = start(own, FINISHES)
    assert wait_for_end(place, handle) == Poll("ended", 0)
    assert types(own, place, attempt)[-1] == "finished"


def test_a_pull_that_was_cut_goes_on_where_it_ended_and_brings_the_same_bytes(own, server):
    place, attempt, handle = start(own, CHECKPOINTS)
    wait_for_end(place, handle)
    came = []
    asked = ssh_place(server, cancelled=lambda: bool(came) and came[-1] > 1_000_000)
    with pytest.raises(CancelledError):
        asked.pull_checkpoints(own.run_dir, lambda done, total: came.append(done))
    assert own.run_dir.checkpoint_steps() == []
    part = own.run_dir.checkpoints / ".step-000030.coming" / "adapter" / "weights"
    assert 0 < part.stat().st_size < 3_000_000
    standing = part.stat().st_size
    again = []
    place.pull(own.run_dir)
    assert place.pull_checkpoints(own.run_dir, lambda done, total: again.append(done))
    assert standing > 0
    assert again == []
    assert own.run_dir.checkpoint_steps() == [20, 30]
    for step in (20, 30):
        for name in ("adapter/weights", "state.pt"):
            here, far = (folder.checkpoint(step) / name for folder in (own.run_dir, there(server, own)))
            assert here.read_bytes() == far.read_bytes()
    assert json.loads(own.run_dir.best_json.read_text()) == {"step": 20}
    assert not list(own.run_dir.checkpoints.glob(".step-*"))


def test_a_part_that_is_spoilt_is_noticed_and_fetched_anew(own, server):
    place, _, handle = start(own, CHECKPOINTS)
    wait_for_end(place, handle)
    part = own.run_dir.checkpoints / ".step-000030.coming" / "state.pt"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"st??")
    with pytest.raises(PlaceError, match=r"state.pt did not arrive as it is there"):
        place.pull_checkpoints(own.run_dir)
    assert place.pull_checkpoints(own.run_dir)
    assert (own.run_dir.checkpoint(30) / "state.pt").read_bytes() == b"state"


def test_a_checkpoint_that_the_job_deleted_goes_here_too_and_no_other(own, server):
    place, attempt, handle = start(own, CHECKPOINTS)
    wait_for_end(place, handle)
    for step in (5, 10):
        own.run_dir.checkpoint(step).mkdir(parents=True)
    place.pull(own.run_dir)
    assert own.run_dir.checkpoint_steps() == [5, 20, 30]


def test_pulling_twice_changes_no_byte_and_a_torn_line_waits(own, server):
    place, attempt, handle = start(own, DIES_IN_A_LINE)
    wait_for_end(place, handle)
    place.pull(own.run_dir)
    files = (own.run_dir.events(attempt), own.run_dir.samples, own.run_dir.log(attempt))
    before = [path.read_bytes() for path in files]
    assert before == [
        there(server, own).path.joinpath(path.relative_to(own.run_dir.path)).read_bytes() for path in files
    ]
    assert before[0].endswith(b'{"torn": "li')
    place.look(own.run_dir, handle)
    place.pull(own.run_dir)
    assert [path.read_bytes() for path in files] == before


def test_more_than_one_look_brings_comes_at_once(own, server):
    place, attempt, handle = start(own, "print('x' * 20_000_000, flush=True)\n" + FINISHES)
    wait_for_end(place, handle)
    assert types(own, place, attempt)[-1] == "finished"
    assert own.run_dir.log(attempt).stat().st_size > 20_000_000


def test_traces_come_with_the_samples_that_name_them(own, server):
    place, attempt, handle = start(own, TRACES)
    wait_for_end(place, handle)
    place.look(own.run_dir, handle)
    named = [json.loads(line)["trace"] for line in own.run_dir.samples.read_text().splitlines()]
    assert len(named) == 3
    assert all(json.loads((own.run_dir.path / name).read_text())["canvas"] == 1 for name in named)


def test_nothing_is_said_of_a_job_by_another_machine_under_the_same_name(own, server):
    place, attempt, handle = start(own, WORKS_UNTIL_STOPPED)
    wait_for(own, place, attempt, "phase")
    machine = server.home / FOLDER / "machine"
    first = machine.read_text()
    machine.unlink()
    assert place.poll(handle) == Poll("unknown")
    with pytest.raises(PlaceError, match="is another machine now"):
        place.look(own.run_dir, handle)
    with pytest.raises(PlaceError, match="is another machine now"):
        place.kill(handle)
    machine.write_text(first)
    assert place.poll(handle) == Poll("running")
    place.kill(handle)
    wait_for_end(place, handle)


def test_a_run_directory_that_was_deleted_there_means_that_its_job_is_gone(own, server):
    place, attempt, handle = start(own, FINISHES)
    wait_for_end(place, handle)
    shutil.rmtree(there(server, own).path)
    assert place.poll(handle) == Poll("gone")


def test_a_run_goes_on_from_the_checkpoint_here_on_a_machine_that_has_nothing_of_it(own, server):
    place, _, handle = start(own, CHECKPOINTS)
    wait_for_end(place, handle)
    place.pull(own.run_dir)
    shutil.rmtree(server.home / FOLDER)
    place, attempt, handle = start(own, "assert run_dir.checkpoint_steps() == [30]\n" + FINISHES)
    assert wait_for_end(place, handle) == Poll("ended", 0)
    assert (there(server, own).checkpoint(30) / "adapter" / "weights").stat().st_size == 3_000_000


def test_a_sending_that_was_cut_goes_on_at_the_first_file_that_is_not_there(own, server, monkeypatch):
    files = mirror.described(mirror.shipped(own.run_dir))
    far = FarHost(
        destination=Destination(host=server.host, config=server.config), folder=f"~/{FOLDER}", python=sys.executable
    )
    run = own.run_dir.path.name
    assert far.ask("wanted", run=run, files=files)["wanted"] == list(files)
    building = there(server, own).path.parent / f".{run}.building"
    building.mkdir(parents=True)
    shutil.copy(own.run_dir.spec_json, building)
    (building / "prompts.jsonl").write_bytes(b"[]\n")
    assert far.ask("wanted", run=run, files=files)["wanted"] == ["prompts.jsonl"]
    spoilt = [("prompts.jsonl", *files["prompts.jsonl"])]
    with pytest.raises(PlaceError, match=r"prompts.jsonl did not arrive whole"):
        far.ask("put", run=run, files=spoilt, send=lambda: [b"[]\n"])
    assert not there(server, own).path.exists()
    far.ask("put", run=run, files=spoilt, send=lambda: [b"{}\n"])
    assert there(server, own).prompts_jsonl.read_bytes() == b"{}\n"
    there(server, own).verify()


def test_a_name_that_leads_out_of_the_run_directory_is_refused_there(own, server):
    far = FarHost(
        destination=Destination(host=server.host, config=server.config), folder=f"~/{FOLDER}", python=sys.executable
    )
    with pytest.raises(PlaceError, match="lies outside the run directory"):
        far.ask("put", run="x", files=[("../../x", 1, "0")], send=lambda: [b"x"])


@pytest.mark.parametrize("name", ["../x", "/etc/x", "spec.json", "attempts/001/job.json", "attempts/001/../../x"])
def test_a_host_writes_no_other_files_here_than_a_job_does(kit, name):
    before = sorted(kit.run_dir.path.parent.rglob("*"))
    with pytest.raises(PlaceError, match="is no file that a job goes on with"):
        mirror.append(kit.run_dir, name, 0, b"x")
    assert sorted(kit.run_dir.path.parent.rglob("*")) == before


def test_an_answer_without_end_is_given_up(shared_server, monkeypatch):
    monkeypatch.setattr(ssh_client, "_LINE_BYTES", 1 << 20)
    destination = Destination(host=shared_server.host, config=shared_server.config)
    with (
        Conversation(destination, "yes | tr -d '\\n'") as conversation,
        pytest.raises(PlaceError, match="what it answers has no end"),
    ):
        conversation.line()


def test_a_handle_of_another_place_is_refused(shared_server):
    with pytest.raises(PlaceError, match="'ray'"):
        ssh_place(shared_server).poll(Handle("ray", {}))
