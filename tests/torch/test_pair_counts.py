"""The terminal counts a pair without torch; the job lays it out with the model's tokenizer: both agree."""

from __future__ import annotations

from pathlib import Path

from runners.layouts import lay_out, layout_for, layout_name, special_tokens
from runners.tasks.models.registry import TextCodec
from tests.conftest import SAMPLE_ESSAYS
from workbench.operations import importing
from workbench.operations.project import Project
from workbench.operations.targets import targets
from workbench.operations.tokens import token_views


def test_a_pair_counts_the_same_in_the_terminal_as_in_the_job(tmp_path: Path) -> None:
    project = Project.create(tmp_path)
    path = targets(project)[0].files.tokenizer
    assert path is not None
    special = special_tokens(path)
    layout = layout_for(layout_name("embedded", special), special)
    codec = TextCodec(path, layout)
    for essay in sorted(SAMPLE_ESSAYS.glob("*.md")):
        text = essay.read_text(encoding="utf-8")
        prompt, response = text[:700] + " <|user|> said <|mask|>", text[700:2500]
        laid = lay_out(layout, codec.encode, prompt, response)
        view = token_views(project, prompt, response)[0]
        assert view.exact
        assert view.total == len(laid.input_ids)


def test_a_model_without_a_tokenizer_is_counted_by_a_marked_estimate(tmp_path: Path) -> None:
    project = Project.create(tmp_path, model="somebody/unknown-8B")
    assert importing.import_paths(project, [SAMPLE_ESSAYS / "salt.md"]).added
    assert token_views(project, "a b c", "d e f")[0].exact is False
