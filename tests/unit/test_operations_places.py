"""Places in the settings, what is remembered of them, and where a run goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runners.errors import UnreachableError
from runners.forecast.memory import GIB
from runners.places.slurm import SlurmPlace
from runners.places.ssh import SshPlace
from tests.journeys.command_line import data, run
from workbench.cli.main import cli
from workbench.operations import place_checks
from workbench.operations.errors import ProjectError, WorkbenchError
from workbench.operations.place_settings import SshSettings, place_problems
from workbench.operations.places import place, place_names, price_per_hour, ssh_place
from workbench.operations.project import SETTINGS_FILE, Project, read_settings
from workbench.operations.slurm_settings import SlurmSettings

SURVEY = {
    "python": "3.12.4",
    "missing": [],
    "problems": [],
    "free_bytes": 300 * GIB,
    "system": "Linux x86_64",
    "torch": "2.8.0",
    "torch_error": None,
    "device": "cuda",
    "cards": [{"name": "NVIDIA L4", "bytes": 22 * GIB}],
    "memory_bytes": 60 * GIB,
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path)
    made.add_place("gpu", SshSettings(host="ada@203.0.113.7:22022", price_per_hour=0.8))
    return made


def settings(tmp_path: Path, text: str) -> str:
    """Return what is said of settings that do not hold."""
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ProjectError) as caught:
        read_settings(path)
    return str(caught.value)


def test_every_fault_of_a_place_is_named_with_the_nearest_key(tmp_path: Path) -> None:
    said = settings(
        tmp_path,
        '[places.gpu]\nhots = "x"\nnice = "much"\n[places.gpu.environment]\nHF_HOME = 3\n'
        '[places.GPU]\nhost = "x"\n[places.local]\nhost = "x"\n[places.a]\nkind = "shh"\nhost = "-oProxyCommand=x"\n'
        'folder = "C:\\\\runs"\nnice = 20\nlargest_file_mib = 0\n'
        '[places.b]\nfolder = "runs"\npython = "venv/bin/python"\n',
    )
    assert "places.gpu.hots: no such setting. Did you mean 'host'?" in said
    assert "places.gpu.nice: found 'much', expected a whole number" in said
    assert "places.gpu.environment: HF_HOME: found 3" in said
    assert "places.GPU: expected a name of lower-case letters" in said
    assert "places.local: local is taken" in said
    assert "places.a.kind: found 'shh'. Did you mean 'ssh'?" in said
    assert "places.a.host: found '-oProxyCommand=x'" in said
    assert "places.a.folder: found 'C:\\\\runs'" in said
    assert "places.a.nice: found 20, expected 0 to 19" in said
    assert "places.a.largest_file_mib: found 0, expected 1 or more" in said
    assert "places.b.host: missing" in said
    assert "places.b.folder: found 'runs', expected a path from / or ~/ there" in said
    assert "places.b.python: found 'venv/bin/python', expected a name" in said
    assert "places: expected a table for each place" in settings(tmp_path, "places = 3\n")
    assert "places.x: expected a table" in settings(tmp_path, "[places]\nx = 3\n")


@pytest.mark.parametrize("host", ["-oX=y", "[-oX=y]:22", "[[-oX=y]:22", "]-oX=y:22", "[]-oX=y:22", "a b", "a;b", "["])
def test_what_ssh_or_a_shell_would_take_for_something_else_is_no_host(host: str) -> None:
    assert [problem[:5] for problem in place_problems(SshSettings(host=host))] == ["host:"]


@pytest.mark.parametrize(
    "host", ["gpu", "ada@203.0.113.7:22022", "[2001:db8::7]:22", "2001:db8::7", "ada@[::1]:22", "g"]
)
def test_names_and_addresses_with_and_without_a_port_are_hosts(host: str) -> None:
    assert place_problems(SshSettings(host=host)) == []


def test_a_place_is_added_behind_all_that_stands_and_read_again(tmp_path: Path) -> None:
    project = Project.create(tmp_path)
    before = (tmp_path / SETTINGS_FILE).read_text()
    made = SshSettings(host="gpu", python='~/my "venv"/bin/python', nice=5, environment={"HF_HOME": "/data/é"})
    project.add_place("rented-1", made)
    assert (tmp_path / SETTINGS_FILE).read_text().startswith(before)
    assert project.settings.places == {"rented-1": made}
    assert place_names(project) == ("local", "rented-1")
    for name, host, words in (
        ("rented-1", "other", "there is a place rented-1 already"),
        ("imported", "x", "imported is taken"),
        ("b", "", "places.b: host: missing"),
    ):
        with pytest.raises(ProjectError, match=words):
            project.add_place(name, SshSettings(host=host))
    assert project.settings.places == {"rented-1": made}


def test_a_place_that_is_not_known_names_those_that_are(project: Project) -> None:
    assert isinstance(place(project, "gpu"), SshPlace)
    with pytest.raises(WorkbenchError, match=r"No place named 'gpo'. Known: local, gpu. `workbench places add gpo"):
        place(project, "gpo")


def test_a_place_that_another_program_added_meanwhile_is_known(project: Project) -> None:
    Project.open(project.root).add_place("later", SshSettings(host="later"))
    assert isinstance(place(project, "later"), SshPlace)
    assert place_names(project) == ("local", "gpu", "later")


def test_an_hour_costs_what_its_place_says(project: Project) -> None:
    assert price_per_hour(project, "gpu") == 0.8
    assert price_per_hour(project, "local") == 0.0
    assert price_per_hour(project, "gone") == 0.0


def test_what_a_check_found_is_remembered_until_the_place_names_another_host(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place_checks.card_at(project, "gpu") is None
    monkeypatch.setattr(SshPlace, "survey", lambda self: SURVEY)
    found = place_checks.check_place(project, "gpu")
    assert found.ready
    assert found.cards == (("NVIDIA L4", 22 * GIB),)
    assert place_checks.known_of(project, "gpu") == found
    card = place_checks.card_at(project, "gpu")
    assert card is not None
    assert card.cuda
    assert 21 * GIB < card.usable_bytes < 22 * GIB

    def away(self: SshPlace) -> dict[str, object]:
        raise UnreachableError("gpu: it did not answer.")

    monkeypatch.setattr(SshPlace, "survey", away)
    assert place_checks.check_place(project, "gpu").problems == ("gpu: it did not answer.",)
    kept = place_checks.known_of(project, "gpu")
    assert replace(kept, failing_since=None, failure="") == found
    text = (project.root / SETTINGS_FILE).read_text().replace("203.0.113.7", "203.0.113.8")
    (project.root / SETTINGS_FILE).write_text(text)
    again = Project.open(project.root)
    assert place_checks.card_at(again, "gpu") is None
    assert [item.checked_at for item in place_checks.place_reports(again)] == [None, None]


def test_a_check_without_an_answer_is_remembered_with_its_reason_until_one_gets_an_answer(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: SshPlace) -> dict[str, object]:
        raise UnreachableError("gpu: it did not answer.")

    def listed() -> Result:
        return CliRunner().invoke(cli, ["--project", str(project.root), "places", "list"], catch_exceptions=False)

    assert "not checked" in listed().stdout
    monkeypatch.setattr(SshPlace, "survey", away)
    times = iter(["2026-11-20T10:00:00.000Z", "2026-11-21T10:00:00.000Z"])
    with monkeypatch.context() as patched:
        patched.setattr(place_checks, "utc_now", lambda: next(times))
        place_checks.check_place(project, "gpu")
        place_checks.check_place(project, "gpu")
    found = place_checks.known_of(project, "gpu")
    assert found.checked_at is None
    assert found.failing_since == "2026-11-20T10:00:00.000Z"
    assert found.failure == "gpu: it did not answer."
    said = listed()
    assert "no answer since 20 Nov" in said.stdout
    assert "gpu: it did not answer." in said.stderr
    monkeypatch.setattr(SshPlace, "survey", lambda self: SURVEY)
    place_checks.check_place(project, "gpu")
    assert "no answer" not in listed().stdout
    assert place_checks.known_of(project, "gpu").failure == ""


def test_a_host_without_a_card_has_its_memory_and_one_whose_torch_fails_is_not_ready(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = SURVEY | {"cards": [], "device": "cpu", "torch": None, "torch_error": "libcuda.so.1 is missing"}
    monkeypatch.setattr(SshPlace, "survey", lambda self: told)
    report = place_checks.check_place(project, "gpu")
    assert not report.ready
    assert report.problems == (
        "ada@203.0.113.7:22022: torch cannot be loaded there (libcuda.so.1 is missing). Install it anew.",
    )
    card = place_checks.card_at(project, "gpu")
    assert card is not None
    assert not card.cuda
    assert card.usable_bytes < 60 * GIB


def test_what_is_said_of_a_host_is_refused_of_a_folder_that_runs_are_carried_in(tmp_path: Path) -> None:
    Project.create(tmp_path / "voice").close()
    carried = ("places", "add", "drive", "--bundle", str(tmp_path))
    given = ("--folder", "~/runs", "--nice", str(SshSettings.nice), "--largest-file-mib", "9", "--env", "HF_HOME=/hf")
    refused = run(tmp_path / "voice", *carried, *given, code=2)
    assert "--folder, --nice, --largest-file-mib, --env: only for a host" in refused.stderr
    assert data(tmp_path / "voice", *carried, "--price-per-hour", "2")["price_per_hour"] == 2


def test_a_larger_file_is_brought_where_the_place_says_so(tmp_path: Path) -> None:
    Project.create(tmp_path / "voice").close()
    added = data(tmp_path / "voice", "places", "add", "gpu", "--host", "gpu", "--largest-file-mib", "512")
    assert added["largest_file_mib"] == 512
    project = Project.open(tmp_path / "voice")
    assert project.settings.places["gpu"] == SshSettings(host="gpu", largest_file_mib=512)
    assert ssh_place(project, "gpu").largest == 512 << 20
    project.close()


def invoked(project: Project, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(project.root), "places", *words], catch_exceptions=False)


def test_a_cluster_is_added_with_what_a_run_asks_for_there_and_read_again(project: Project) -> None:
    asked = ["--partition", "gpu", "--account", "paper", "--time-limit", "4:00:00", "--gpus", "h100:2", "--cpus", "8"]
    more = ["--memory", "64G", "--constraint", "a|b", "--sbatch", '--qos=it\'s "long"', "--sbatch", "--exclusive"]
    done = invoked(project, "add", "uni", "--slurm", "ada@login.example.org", *asked, *more, "--json")
    assert done.exit_code == 0, done.output
    again = Project.open(project.root)
    found = again.settings.places["uni"]
    assert found == SlurmSettings(
        host="ada@login.example.org",
        partition="gpu",
        account="paper",
        time_limit="4:00:00",
        gpus="h100:2",
        cpus=8,
        memory="64G",
        constraint="a|b",
        extra=('--qos=it\'s "long"', "--exclusive"),
    )
    assert isinstance(place(again, "uni"), SlurmPlace)
    assert place_names(again) == ("local", "gpu", "uni")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x", "--slurm", "a", "--host", "b"), "either --host HOST, --slurm HOST, --ray URL or --bundle FOLDER"),
        (("x", "--host", "a", "--gpus", "1"), "--gpus is of a cluster: give --slurm HOST or --ray URL with it"),
        (("x", "--ray", "http://a:8265", "--sbatch", "--qos=x"), "--sbatch is of a Slurm cluster: give --slurm HOST"),
        (("x", "--ray", "http://a:8265", "--gpus", "a100:2"), "--gpus a100:2: Ray takes a number"),
        (("x", "--slurm", "a", "--cpus", "1.5"), "--cpus 1.5: write a whole number"),
        (("x", "--slurm", "a", "--nice", "5"), "Slurm shares out the nodes"),
    ],
)
def test_what_only_a_cluster_or_only_a_host_understands_is_refused(
    project: Project, words: tuple[str, ...], said: str
) -> None:
    done = invoked(project, "add", *words)
    assert done.exit_code == 2
    assert said in done.output


def test_every_fault_of_a_cluster_is_named_by_its_key(tmp_path: Path) -> None:
    said = settings(
        tmp_path,
        '[places.uni]\nkind = "slurm"\nhost = "-oX=y"\ngpus = "many"\nextra = ["-x"]\nnice = 3\n'
        '[places.hpc]\nkind = "slurm"\nhost = "a"\ngpus = "many"\nextra = ["-x", 3]\npartitoin = "p"\n'
        '[places.third]\nkind = "slurm"\nhost = "-oX=y"\nextra = ["--wrap=x"]\nmemory = "some"\n',
    )
    assert "places.uni.nice: no such setting" in said
    assert "places.hpc.partitoin: no such setting. Did you mean 'partition'?" in said
    assert "places.third.host: found '-oX=y'" in said
    assert "places.third.extra: '--wrap=x' is set by the workbench" in said
    assert "places.third.memory: found 'some', expected a size such as 32G" in said


def test_a_check_of_a_cluster_tells_what_slurm_says_and_the_card_that_is_asked_for_not_the_login_node_s(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = ["slurm 23.11.4", "partition gpu: UP, at most 1-00:00:00 a job"]
    monkeypatch.setattr(SlurmPlace, "survey", lambda self: SURVEY | {"cluster": cluster})
    project.add_place("uni", SlurmSettings(host="login", gpus="h100:2"))
    project.add_place("hpc", SlurmSettings(host="login", gpus="1"))
    done = invoked(project, "check", "uni")
    assert done.exit_code == 0
    assert "slurm 23.11.4" in done.stdout
    assert "2 x H100" in done.stdout
    assert "L4" not in done.stdout
    project = Project.open(project.root)
    assert place_checks.known_of(project, "uni").cluster == tuple(cluster)
    card = place_checks.card_at(project, "uni")
    assert card is not None
    assert card.cuda
    place_checks.check_place(project, "hpc")
    # Which kind Slurm gives is not known before.
    assert place_checks.card_at(project, "hpc") is None
