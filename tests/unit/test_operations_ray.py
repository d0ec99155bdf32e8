"""A Ray cluster in the settings, and what is said of what it asks for and has."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runners.places.ray import RayPlace
from runners.places.ray_client import Job, Node
from runners.places.ray_words import amounts, cluster_words, ended_words, waiting_words
from workbench.operations.errors import ProjectError, WorkbenchError
from workbench.operations.place_settings import SshSettings, place_problems
from workbench.operations.places import bundle_place, is_remote, place, price_per_hour, ssh_place
from workbench.operations.project import SETTINGS_FILE, Project, read_settings
from workbench.operations.ray_settings import RaySettings

CLUSTER = RaySettings(url="http://head:8265", folder="/shared/workbench")


def faults(**changes: object) -> list[str]:
    return place_problems(replace(CLUSTER, **changes))


def test_a_cluster_is_added_and_read_again_as_it_was_given(tmp_path: Path) -> None:
    project = Project.create(tmp_path)
    made = replace(
        CLUSTER,
        mounted="/mnt/a \"b\" 'c'",
        gpus=0.5,
        resources={"L4": 1.0, "box:2.x": 2.0},
        token_env="RAY_AUTH_TOKEN",
        environment={"HF_HOME": "/data/é"},
        price_per_hour=1.25,
    )
    project.add_place("cluster", made)
    assert project.settings.places == {"cluster": made}
    text = (tmp_path / SETTINGS_FILE).read_text()
    assert text.endswith(
        '[places.cluster]\nkind = "ray"\nurl = "http://head:8265"\nfolder = "/shared/workbench"\n'
        'mounted = "/mnt/a \\"b\\" \'c\'"\ngpus = 0.5\ntoken_env = "RAY_AUTH_TOKEN"\nprice_per_hour = 1.25\n\n'
        '[places.cluster.resources]\nL4 = 1.0\n"box:2.x" = 2.0\n\n[places.cluster.environment]\nHF_HOME = "/data/é"\n'
    )
    assert is_remote("cluster")
    assert price_per_hour(project, "cluster") == 1.25
    found = place(project, "cluster")
    assert isinstance(found, RayPlace)
    assert found.asked() == {"GPU": 0.5, "CPU": 1.0, "L4": 1.0, "box:2.x": 2.0}
    assert (found.folder, found.far.folder, found.far.name) == ("/shared/workbench", made.mounted, "cluster")
    for other in (ssh_place, bundle_place):
        with pytest.raises(WorkbenchError):
            other(project, "cluster")


def test_a_cluster_s_folder_is_seen_by_the_host_of_a_place_that_is_reached_by_ssh(tmp_path: Path) -> None:
    project = Project.create(tmp_path)
    with pytest.raises(ProjectError, match=r"places.cluster.via: found 'login', expected a place .*Add one with"):
        project.add_place("cluster", replace(CLUSTER, via="login"))
    assert project.settings.places == {}
    project.add_place("login", SshSettings(host="ada@login", python="python3.12"))
    with pytest.raises(ProjectError, match=r"found 'logni'.* Known: login\."):
        project.add_place("cluster", replace(CLUSTER, via="logni"))
    project.add_place("cluster", replace(CLUSTER, via="login", mounted="~/shared"))
    found = place(project, "cluster")
    assert isinstance(found, RayPlace)
    assert (found.far.name, found.far.folder, found.far.python) == ("ada@login", "~/shared", "python3.12")
    assert found.folder == "/shared/workbench"
    text = (tmp_path / SETTINGS_FILE).read_text()
    (tmp_path / SETTINGS_FILE).write_text(text.replace("[places.login]", "[places.other]"))
    with pytest.raises(ProjectError, match=r"places.cluster.via: found 'login'.* Known: other\."):
        Project.open(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": ""}, "url: found '', expected the address of its dashboard"),
        ({"url": "head:8265"}, "url: found 'head:8265'"),
        ({"url": "http://head:99999"}, "url: found 'http://head:99999'"),
        ({"url": "http://head:8265/?x=1"}, "url: found"),
        ({"url": "http://ada:secret@head:8265"}, "url: it holds a name or a password"),
        ({"folder": ""}, "folder: found '', expected the folder that the cluster's machines share"),
        ({"folder": "~/workbench"}, "folder: found '~/workbench'"),
        ({"mounted": "cluster"}, "mounted: found 'cluster', expected a whole path on this machine"),
        ({"mounted": "~/x"}, "mounted: found '~/x'"),
        ({"python": "-c"}, "python: found '-c'"),
        ({"gpus": -1.0}, "gpus: found -1, expected a number from 0"),
        ({"gpus": 0.0, "cpus": 0.0}, "gpus, cpus: a job that asks for nothing is started on the head"),
        ({"token_env": "A", "token_file": "b"}, "token_env, token_file: name one of them"),
    ],
)
def test_every_fault_of_a_cluster_is_named(changes: dict[str, object], words: str) -> None:
    (problem,) = faults(**changes)
    assert problem.startswith(words)
    assert "secret" not in problem


def test_a_token_that_stands_where_its_variable_is_to_be_named_is_not_shown() -> None:
    (problem,) = faults(token_env="0123-4567-89ab")
    assert "0123" not in problem
    assert "expected the name of a variable" in problem


def test_settings_that_do_not_hold_are_named_with_the_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(
        '[places.a]\nkind = "ray"\nulr = "http://head:8265"\nfolder = "/x"\n[places.a.resources]\nL4 = "one"\nGPU = 2\n'
        '[places.b]\nkind = "ray"\nurl = "http://head"\nfolder = "/x"\ngpus = 2\n[places.b.resources]\nL4 = 1\n'
        '[places.c]\nkind = "rya"\nhost = "x"\n'
    )
    with pytest.raises(ProjectError) as caught:
        read_settings(path)
    said = str(caught.value)
    assert "places.a.ulr: no such setting. Did you mean 'url'?" in said
    assert "places.a.resources: L4: found 'one'" in said
    assert "places.a.resources: GPU: found 2" in said
    assert "places.b" not in said
    assert "places.c.kind: found 'rya'. Did you mean 'ray'?" in said


def test_amounts_are_said_with_the_gpus_first() -> None:
    assert amounts({"box2": 1.0, "CPU": 1.0, "GPU": 2.0}) == "2 GPUs, 1 CPU, 1 box2"
    assert amounts({"CPU": 0.0, "GPU": 0.5}) == "0.5 GPUs"
    assert amounts({}) == "nothing"


def test_machines_that_are_alike_are_said_together() -> None:
    like = {"GPU": 2.0, "CPU": 8.0}
    nodes = [Node(name="head", resources={"CPU": 4.0}), *(Node(name=f"n{n}", resources=like) for n in range(3))]
    assert cluster_words(nodes) == "4 machines: head (4 CPUs), 3 x (2 GPUs, 8 CPUs)"
    assert cluster_words([]) == "no machine that is alive"


def test_a_job_that_waits_and_fits_has_ray_s_own_words_and_one_that_never_fits_has_ours() -> None:
    job = Job(status="PENDING", message="Job has not started yet.", exit_code=None)
    nodes = [Node(name="head", resources={"GPU": 1.0, "CPU": 4.0}), Node(name="b", resources={"GPU": 1.0, "CPU": 2.0})]
    assert waiting_words(job, {"GPU": 1.0}, nodes).endswith("Ray says: Job has not started yet.")
    # Two machines with one GPU each are not one with two.
    assert "of one machine, and none has that." in waiting_words(job, {"GPU": 2.0}, nodes)
    assert "of one machine, and none has that." in waiting_words(job, {"GPU": 1.0, "L4": 1.0}, nodes)


def test_of_an_end_that_ray_tells_only_what_happened_and_why_is_said() -> None:
    message = "Job supervisor actor died: it.\n\tactor_id: 6dd2\n\tpid: 588\nThe actor died because its node has died"
    job = Job(status="FAILED", message=message, exit_code=None)
    assert ended_words(job) == "Ray says: Job supervisor actor died: it. The actor died because its node has died."
    long = Job(
        status="FAILED", message="failed with exit code 3, last available logs (truncated):\nsecret", exit_code=3
    )
    assert not re.search("secret", ended_words(long))
