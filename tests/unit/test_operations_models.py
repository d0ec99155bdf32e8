"""The models of a project: from folders, from the hub's cache, from a hub that the test itself is."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from workbench.cli.main import cli
from workbench.operations.errors import NothingToDoError, UnknownModelError
from workbench.operations.model_files import cache_folder, find_model, split_entry
from workbench.operations.models import add_model, model_named, model_views, remove_model
from workbench.operations.project import Project
from workbench.operations.targets import pinned_revision, targets

EMBEDDED = ROOT / "runners" / "embedded"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's, and a hub that cannot be reached."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub-home"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "hub-home" / "hub"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.create(tmp_path / "project")
    yield made
    made.close()


def copied(folder: Path, *, weights: bool = False) -> Path:
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "config.json"):
        (folder / name).write_bytes((EMBEDDED / name).read_bytes())
    if weights:
        (folder / "model.safetensors").write_bytes(b"")
    return folder


def cached(cache: Path, model: str, commit: str, *, main: bool = True) -> Path:
    stored = cache / f"models--{model.replace('/', '--')}"
    if main:
        (stored / "refs").mkdir(parents=True, exist_ok=True)
        (stored / "refs" / "main").write_text(commit)
    return copied(stored / "snapshots" / commit)


def test_a_new_project_has_the_embedded_model_alone(project: Project) -> None:
    (view,) = model_views(project)
    assert (view.id, view.family, view.exact, view.layout) == ("embedded", "llada", True, "embedded")
    assert (view.weights, view.where, view.context_tokens, view.limit_tokens) == (True, "embedded", 1024, 512)


def test_an_old_file_of_settings_without_the_list_is_valid(tmp_path: Path) -> None:
    (tmp_path / "workbench.toml").write_text('model = "embedded"\n')
    assert [item.entry for item in targets(Project.open(tmp_path))] == ["embedded"]


def test_a_folder_is_added_and_removed_and_every_other_line_stays(project: Project) -> None:
    copied(project.root / "models" / "mine", weights=True)
    path = project.root / "workbench.toml"
    before = path.read_text()
    view = add_model(project, "models/mine")
    assert (view.where, view.exact, view.weights, view.runs_start_here) == ("folder", True, True, False)
    assert path.read_text() == before.replace("models = []", 'models = ["models/mine"]')
    assert Project.open(project.root).settings.models == ("models/mine",)
    with pytest.raises(NothingToDoError):
        add_model(project, "models/mine")
    assert model_named(project, "mine").id == "models/mine"
    assert remove_model(project, "mine") == "models/mine"
    assert path.read_text() == before


@pytest.mark.parametrize(
    "text",
    [
        'model = "embedded"\r\nmax_length = 300\r\n[local]\r\nnice = 3\r\n',
        'models = [\n  "gpt2", # small\n]\nmodel = "embedded" # mine\n[local]\nnice = 3\n',
        "max_length = 300\n[local]\nnice = 3\n",
        "",
    ],
)
def test_a_list_of_models_is_written_into_settings_of_any_style(tmp_path: Path, text: str) -> None:
    (tmp_path / "workbench.toml").write_bytes(text.encode())
    copied(tmp_path / "mine")
    project = Project.open(tmp_path)
    before = project.settings
    add_model(project, "mine")
    after = Project.open(tmp_path).settings
    assert after.models == (*before.models, "mine")
    assert (after.model, after.max_length, after.local) == (before.model, before.max_length, before.local)
    assert ("\r\n" in (tmp_path / "workbench.toml").read_bytes().decode()) == ("\r\n" in text)


def test_a_model_of_the_local_cache_is_pinned_without_the_network(project: Project, cache: Path) -> None:
    cached(cache, "org/tiny", COMMIT)
    view = add_model(project, "org/tiny")
    assert (view.where, view.revision, view.pinned, view.exact, view.weights) == ("cache", COMMIT, True, True, False)
    assert project.settings.models == (f"org/tiny@{COMMIT}",)
    assert pinned_revision(project, "org/tiny") == COMMIT
    assert pinned_revision(project, "embedded") is None
    # The branch moves on; the project stays where it is pinned.
    cached(cache, "org/tiny", OTHER)
    assert model_named(project, "tiny").revision == COMMIT


def test_a_cache_without_a_main_branch_gives_its_newest_snapshot(cache: Path, tmp_path: Path) -> None:
    assert find_model("org/tiny", tmp_path).where == "nowhere"
    cached(cache, "org/tiny", COMMIT, main=False)
    assert find_model("org/tiny", tmp_path).revision == COMMIT
    assert find_model(f"org/tiny@{OTHER}", tmp_path).folder is None


def test_the_cache_is_found_by_the_variables_of_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder().name == "hub"
    monkeypatch.setenv("HF_HUB_CACHE", "/somewhere/else")
    assert cache_folder() == Path("/somewhere/else")
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/huggingface/hub")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path("~/.cache/huggingface/hub").expanduser()


def test_only_a_whole_hash_is_a_commit() -> None:
    assert split_entry(f"org/tiny@{COMMIT}") == ("org/tiny", COMMIT)
    assert split_entry("folder@home") == ("folder@home", None)


def test_what_cannot_be_had_is_a_sentence_and_changes_nothing(project: Project) -> None:
    before = (project.root / "workbench.toml").read_text()
    with pytest.raises(UnknownModelError, match="org/none could not be fetched"):
        add_model(project, "org/none")
    with pytest.raises(UnknownModelError, match="no such folder"):
        add_model(project, "./none")
    with pytest.raises(UnknownModelError, match="no repository's id"):
        add_model(project, "a/b/c")
    with pytest.raises(UnknownModelError, match="runs start from"):
        remove_model(project, "embedded")
    with pytest.raises(UnknownModelError, match="no model of this project"):
        remove_model(project, "org/none")
    assert (project.root / "workbench.toml").read_text() == before


FILES = {name: (EMBEDDED / name).read_bytes() for name in ("tokenizer.json", "config.json")} | {
    "model.safetensors": b"weights",
    "modeling_tiny.py": b"raise SystemExit",
    "README.md": b"words",
}


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as its library asks for."""

    asked: list[str] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        name = self.path.split("?")[0].rpartition("/")[2]
        if "/api/models/org/tiny" in self.path:
            files = [{"rfilename": name, "size": len(data)} for name, data in FILES.items()]
            body = json.dumps({"id": "org/tiny", "modelId": "org/tiny", "sha": COMMIT, "siblings": files}).encode()
            if "/tree/" in self.path:
                tree = [
                    {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for name, data in FILES.items()
                ]
                body = json.dumps(tree).encode()
            self.answer(200, body)
        elif "/org/tiny/resolve/" in self.path and name in FILES:
            self.asked.append(name)
            self.answer(200, FILES[name])
        else:
            self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def answer(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed (extra `train`)")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Hub.asked = []
    yield Hub
    server.shutdown()
    server.server_close()


def test_tokenizer_and_configuration_are_fetched_and_never_the_weights(
    project: Project, cache: Path, hub: type[Hub]
) -> None:
    view = add_model(project, "org/tiny", revision="main")
    assert (view.revision, view.where, view.exact, view.weights) == (COMMIT, "cache", True, False)
    assert set(hub.asked) == {"tokenizer.json", "config.json"}
    assert project.settings.models == (f"org/tiny@{COMMIT}",)
    assert view.folder == cache / "models--org--tiny" / "snapshots" / COMMIT
    with pytest.raises(UnknownModelError, match="knows no model org/other"):
        add_model(project, "org/other")


def test_the_command_line_lists_adds_shows_and_removes(project: Project, cache: Path) -> None:
    cached(cache, "org/tiny", COMMIT)
    where = ["-p", str(project.root), "models"]
    run = CliRunner().invoke
    added = run(cli, [*where, "add", "org/tiny", "--json"])
    assert added.exit_code == 0
    assert json.loads(added.stdout)["revision"] == COMMIT
    listed = json.loads(run(cli, [*where, "list", "--json"]).stdout)
    assert [(row["id"], row["exact"], row["runs_start_here"]) for row in listed] == [
        ("embedded", True, True),
        ("org/tiny", True, False),
    ]
    assert f"{COMMIT} (pinned)" in run(cli, [*where, "show", "tiny"]).stdout
    assert run(cli, [*where, "remove", "tiny"]).stdout == "org/tiny\n"
    missing = run(cli, [*where, "show", "tiny"])
    assert (missing.exit_code, "no model of this project" in missing.stderr) == (1, True)
