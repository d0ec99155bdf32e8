"""A blind test of a run: what it is made of, what it says when there is too little, and what its result claims."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from curation.words import words
from runners.intervals import share
from store import annotations, datasets, history, runs, samples
from store import blind as stored
from tests.journeys.blind_builder import RUN, fold_samples, make_blind_project, paragraph
from tests.journeys.builders import add_run, make_curated_project, train_spec
from workbench.cli.main import cli
from workbench.operations import blind, blind_result, guide
from workbench.operations.blind_result import Tally, short
from workbench.operations.canaries import canary_rows
from workbench.operations.errors import NothingToDoError, WorkbenchError
from workbench.operations.freezing import freeze
from workbench.operations.project import Project
from workbench.operations.reviewing import judge, review


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_blind_project(tmp_path / "voice")


def answer_all(project: Project, *, right: int) -> None:
    """Answer every text, the first so many rightly."""
    for item in blind.round_of(project, RUN).texts:
        rightly = item.position < right
        blind.answer(project, item.id, answer="mine" if item.real == rightly else "not mine")


def test_real_texts_are_held_out_and_generated_ones_of_the_runs_adapter(project: Project) -> None:
    test = blind.begin(project, RUN, seed=3)
    held = {item.pair_hash: item for item in datasets.pairs(project.db, 1) if item.split == "holdout"}
    written = {item.id: item for item in samples.of_run(project.db, RUN, "adapter")}
    assert 6 <= len(test.texts) <= 24
    for item in test.texts:
        source = held[item.pair_hash].response if item.pair_hash else written[item.sample_id or 0].text
        assert " ".join(words(item.text)) in " ".join(words(source))
    assert {item.real for item in test.texts} == {True, False}
    assert test.round.same_prompt
    assert test.left == len(test.texts)


def test_the_same_seed_draws_the_same_test(project: Project, tmp_path: Path) -> None:
    again = make_blind_project(tmp_path / "again")
    first, second = (blind.begin(one, RUN, seed=3) for one in (project, again))
    assert first.round.content_hash == second.round.content_hash


def test_training_text_is_on_neither_side(project: Project, tmp_path: Path) -> None:
    trained = next(item.response for item in datasets.pairs(project.db, 1) if item.split == "train")
    path = project.runs_folder / RUN / "samples.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line["text"] = f"{paragraph(str(line['seed']), 4)} {trained}"
        line["attempt"] = 2
    runs.fold_samples(project.db, RUN, lines, 2)
    with pytest.raises(NothingToDoError, match=r"copying eight words of training text"):
        blind.begin(project, RUN, seed=3)


def test_samples_on_novel_topics_are_left_out_and_counted(project: Project) -> None:
    test = blind.begin(project, RUN, seed=3)
    assert test.round.left_out[blind.NOVEL] == 2
    shown = {item.sample_id for item in test.texts}
    assert not any(item.topic == "novel" and item.id in shown for item in samples.of_run(project.db, RUN, "adapter"))


def test_too_few_real_texts_are_counted_and_the_steps_named_that_give_more(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "few", held_out=3)
    with pytest.raises(NothingToDoError) as caught:
        blind.begin(project, RUN)
    said, command = str(caught.value), caught.value.on_command_line
    assert "needs 6 pairs of a real and a generated text of one length, found" in said
    assert "5 held-out pairs" in said
    assert "hold more essays out (1, h)" in said
    assert "`workbench essays hold-out`" in command
    assert "(1, h)" not in command
    assert blind.rounds(project) == []


def test_too_few_samples_are_counted_and_held_out_prompts_give_more(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "few", prompts=False, per_prompt=2)
    with pytest.raises(NothingToDoError, match=r"6 samples of its adapter .*add held-out prompts as canary prompts"):
        blind.begin(project, RUN)
    before = canary_rows(project)
    assert blind.add_held_out_prompts(project, RUN, count=8) == 8
    added = canary_rows(project)[len(before) :]
    held = {item.prompt: item.response for item in datasets.pairs(project.db, 1) if item.split == "holdout"}
    assert all(held[row.prompt] == row.reference and row.topic == "known" for row in added)
    fold_samples(project, RUN, 1)
    test = blind.begin(project, RUN, seed=1)
    assert test.round.same_prompt
    history.undo(project.db)
    assert canary_rows(project) == before


def test_samples_that_are_too_short_are_said_to_be_so_and_longer_ones_asked_for(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "short")
    with project.db.transaction() as connection:
        connection.execute("UPDATE sample SET text = 'It rains on number ' || id || '.'")
    with pytest.raises(NothingToDoError) as caught:
        blind.begin(project, RUN)
    said, command = str(caught.value), caught.value.on_command_line
    assert "found 0." in said
    assert "of these samples: a text needs 24 words up to a sentence end. For more: sample the adapter with" in said
    assert f"For more: `workbench sample --adapter {RUN}` with more max_new_tokens" in command
    assert "add held-out prompts" not in said


def test_with_prompts_of_other_topics_it_says_that_a_topic_may_tell(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "other", prompts=False, per_prompt=6)
    test = blind.begin(project, RUN, seed=1)
    assert not test.round.same_prompt
    answer_all(project, right=len(test.texts))
    said = " ".join(blind_result.sentences(blind_result.reveal(project, test)))
    assert "a topic alone may have told" in said


def test_a_run_made_elsewhere_or_of_the_base_cannot_be_tested(project: Project) -> None:
    for number in (0, 5, 201):
        with pytest.raises(WorkbenchError, match="expected 6 to 200"):
            blind.begin(project, RUN, wanted=number)
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET dataset_id = NULL")
    with pytest.raises(WorkbenchError, match="was made elsewhere"):
        blind.begin(project, RUN)
    assert blind.testable_runs(project) == []


def test_samples_of_a_run_that_sampled_the_adapter_belong_to_its_training_run(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "voice", per_prompt=0)
    sampler = "20261121-0900-embedded-sampled"
    add_run(project, train_spec(project, sampler))
    with project.db.transaction() as connection:
        connection.execute("UPDATE run SET task = 'sample', adapter_run = ? WHERE name = ?", (RUN, sampler))
    fold_samples(project, sampler, 1)
    assert blind.tested_run(project, sampler) == RUN
    test = blind.begin(project, sampler, seed=1)
    assert test.round.run == RUN
    assert blind.testable_runs(project) == [RUN]


def test_answers_are_there_again_after_a_restart(project: Project) -> None:
    test = blind.begin(project, RUN, seed=3)
    blind.answer(project, test.texts[0].id, answer="mine", sure=2, note=" plain ")
    project.close()
    again = blind.round_of(Project.open(project.root), RUN)
    assert again.round == test.round
    assert [item.text for item in again.texts] == [item.text for item in test.texts]
    assert (again.texts[0].answer, again.texts[0].sure, again.texts[0].note) == ("mine", 2, "plain")
    assert again.left == len(test.texts) - 1
    with pytest.raises(WorkbenchError, match="expected 1, 2 or 3"):
        blind.answer(project, test.texts[0].id, sure=4)


def test_before_the_result_was_asked_for_nothing_tells_whose_a_text_is(project: Project) -> None:
    test = blind.begin(project, RUN, seed=3)
    answer_all(project, right=4)
    with pytest.raises(WorkbenchError, match="result was not asked for yet"):
        blind_result.result(project, RUN)
    found = blind_result.reveal(project, test)
    assert found == blind_result.result(project, RUN, 1)
    assert [item.real for item in found.sources] == [item.real for item in test.texts]
    assert [item.right for item in found.sources] == [item.position < 4 for item in test.texts]


def test_a_result_claims_no_more_than_its_count_allows(project: Project) -> None:
    test = blind.begin(project, RUN, wanted=10, seed=3)
    answer_all(project, right=8)
    found = blind_result.reveal(project, test)
    said = " ".join(blind_result.sentences(found))
    assert "You told 8 of 10 rightly, 80 %. By guessing alone it would be 50 % on average." in said
    assert "interval is 44 to 98 %" in said
    assert "does not tell you from somebody who guesses" in said
    assert "by about 20 answers" in said
    assert (found.real.answered, found.made.answered) == (
        sum(item.real for item in test.texts),
        sum(not item.real for item in test.texts),
    )
    assert blind_result.short(found.all) == "8 of 10 rightly, 80 % (44 to 98 %)"


@pytest.mark.parametrize(
    ("right", "answered", "says"),
    [
        (5, 6, "5 of 6 rightly, 83 % (35 to 99.6 %)"),
        (1, 6, "1 of 6 rightly, 17 % (0.4 to 65 %)"),
        (6, 6, "6 of 6 rightly, 100 % (54 to 100 %)"),
        (0, 6, "0 of 6 rightly, 0 % (0 to 46 %)"),
        (399, 400, "399 of 400 rightly, 99.8 % (98 to 99.994 %)"),
    ],
)
def test_never_and_always_are_said_of_what_is_that_alone(right: int, answered: int, says: str) -> None:
    assert short(Tally(right=right, answered=answered, interval=share(right, answered))) == says


def test_a_result_that_lies_above_guessing_says_so_and_what_it_does_not_say(project: Project) -> None:
    test = blind.begin(project, RUN, wanted=10, seed=3)
    answer_all(project, right=9)
    said = " ".join(blind_result.sentences(blind_result.reveal(project, test)))
    assert "more often than by guessing" in said
    assert "memory of your own pages" in said


def test_a_result_below_guessing_is_said_to_be_that(project: Project) -> None:
    test = blind.begin(project, RUN, wanted=10, seed=3)
    answer_all(project, right=1)
    said = " ".join(blind_result.sentences(blind_result.reveal(project, test)))
    assert "wrong more often than by guessing" in said


def test_skipped_texts_count_nowhere(project: Project) -> None:
    test = blind.begin(project, RUN, wanted=10, seed=3)
    blind.answer(project, test.texts[0].id, answer="mine", sure=3)
    assert blind.skip_rest(project, test) == 9
    found = blind_result.reveal(project, test)
    assert (found.all.answered, found.skipped, set(found.by_sure)) == (1, 9, {3})
    assert "9 texts were skipped" in " ".join(blind_result.sentences(found))


def test_an_answer_that_is_taken_back_after_the_result_was_seen_is_told(project: Project) -> None:
    test = blind.begin(project, RUN, wanted=10, seed=3)
    answer_all(project, right=9)
    blind_result.reveal(project, test)
    history.undo(project.db)
    found = blind_result.result(project, RUN)
    assert (found.all.answered, found.taken_back) == (9, 1)
    assert "1 answer was taken back after the result was seen" in " ".join(blind_result.sentences(found))


def test_an_answer_that_undo_turns_into_another_after_the_result_was_seen_is_told(project: Project) -> None:
    test = blind.begin(project, RUN, wanted=10, seed=3)
    answer_all(project, right=9)
    blind.answer(project, test.texts[9].id, answer="mine" if test.texts[9].real else "not mine")
    found = blind_result.reveal(project, test)
    assert (found.all.right, found.changed) == (10, 0)
    history.undo(project.db)
    found = blind_result.result(project, RUN)
    assert (found.all.right, found.taken_back, found.changed) == (9, 0, 1)
    said = " ".join(blind_result.sentences(found))
    assert "1 answer stands otherwise than when the result was seen, by undo or redo" in said
    history.redo(project.db)
    assert blind_result.result(project, RUN).changed == 0


def test_texts_that_another_program_changed_have_no_result(project: Project) -> None:
    test = blind.begin(project, RUN, wanted=10, seed=3)
    answer_all(project, right=9)
    with project.db.transaction() as connection:
        connection.execute("UPDATE blind_text SET text = 'Another.' WHERE position = 0")
    with pytest.raises(WorkbenchError, match="not those that were frozen"):
        blind_result.reveal(project, test)


def test_a_round_whose_texts_were_changed_keeps_no_other_from_being_listed(project: Project) -> None:
    for seed in (1, 2):
        test = blind.begin(project, RUN, wanted=7, seed=seed)
        answer_all(project, right=7)
        blind_result.reveal(project, test)
    with project.db.transaction() as connection:
        connection.execute("UPDATE blind_text SET text = 'Another.' WHERE round_id = 1 AND position = 0")
    result = CliRunner().invoke(cli, ["-p", str(project.root), "review", "mine", "list", "--json"])
    first, second = json.loads(result.stdout)
    assert "not those that were frozen" in first["problem"]
    assert "right" not in first
    assert (second["right"], second["answered"], second["left"]) == (7, 7, 0)


def test_a_further_round_takes_texts_that_were_not_shown_and_known_ones_only_when_asked(project: Project) -> None:
    first = blind.begin(project, RUN, wanted=7, seed=1)
    blind.skip_rest(project, first)
    blind_result.reveal(project, first)
    second = blind.begin(project, RUN, wanted=7, seed=2)
    sources = [{(item.pair_hash, item.sample_id) for item in test.texts} for test in (first, second)]
    assert sources[0].isdisjoint(sources[1])
    assert not any(item.known for item in second.texts)
    assert second.round.left_out[blind.KNOWN] == 7
    blind.skip_rest(project, second)
    blind_result.reveal(project, second)
    third = blind.begin(project, RUN, wanted=14, seed=3, again=True)
    assert any(item.known for item in third.texts)
    assert [item.number for item in blind.rounds(project, RUN)] == [1, 2, 3]
    assert stored.texts(project.db, first.round.id)[0].text == first.texts[0].text


def test_a_sample_that_was_noted_on_is_known_and_the_result_is_told_without_it(project: Project) -> None:
    for item in samples.of_run(project.db, RUN, "adapter"):
        annotations.set_note(project.db, item.id, "dry")
    test = blind.begin(project, RUN, wanted=10, seed=3)
    made = [item for item in test.texts if not item.real]
    assert made
    assert all(item.known for item in made)
    answer_all(project, right=10)
    found = blind_result.reveal(project, test)
    assert found.known == len(made)
    assert found.unknown is not None
    assert found.unknown.answered == 10 - len(made)
    said = " ".join(blind_result.sentences(found))
    assert "known to you from Review or an earlier round" in said
    # What was not read before is hers alone: who takes everything for hers tells that much.
    count = 10 - len(made)
    assert f"without them you told {count} of {count}, of yours {count} of {count}" in said


def test_a_masked_review_is_not_unmasked_by_a_result(tmp_path: Path) -> None:
    project = make_blind_project(tmp_path / "voice", with_base=True, per_prompt=1)
    guide.remember(project, "review.masked", True)
    test = blind.begin(project, RUN, seed=3)
    answer_all(project, right=3)
    found = blind_result.reveal(project, test)
    assert found.hidden == sum(not item.real for item in test.texts)
    assert found.sources == ()
    assert "stays hidden" in " ".join(blind_result.sentences(found))
    assert blind_result.result(project, RUN, unmask=True).sources
    for comparison in review(project, RUN).comparisons:
        judge(project, comparison, "tie", masked=True)
    assert len(blind_result.result(project, RUN).sources) == len(test.texts)


def test_nothing_is_asked_of_a_run_without_a_test(tmp_path: Path) -> None:
    project = make_curated_project(tmp_path / "voice")
    freeze(project)
    add_run(project, train_spec(project, RUN))
    with pytest.raises(NothingToDoError, match="no blind test yet: begin one with b"):
        blind.round_of(project, RUN)
    with pytest.raises(NothingToDoError, match="0 of use"):
        blind.begin(project, RUN)
