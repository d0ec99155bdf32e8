"""Essays that change on the disk: their pairs follow, are marked and settled; files come, go and are renamed."""

import os

import pytest

from store import essays, following, pairs
from store.pairs import PairChange, PairFilter
from workbench.operations import curating, edits, reshaping, settling
from workbench.operations.errors import NothingToDoError
from workbench.operations.essays import essay_rows
from workbench.operations.following import catch_up
from workbench.operations.importing import import_paths
from workbench.operations.looking import look
from workbench.operations.project import Project
from workbench.operations.proposing import propose_pairs

PARTS = [
    "# On Gravel",
    "The gravel path was laid before anybody asked who would walk on it, which is the way with most paths.",
    "My aunt walked on it once, in good shoes, and never again. She said that it had opinions about her heels.",
    "A path with opinions is no worse than a neighbour with them. It is at least where you left it in the morning.",
    "I have raked it every Sunday since. The gravel goes back to where it was by Tuesday, and so do I.",
]


def write(path, parts):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    # Long enough ago to tell two states apart, and another time for each state.
    write.at = getattr(write, "at", 1_700_000_000) + 10
    os.utime(path, (write.at, write.at))


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "project", essays=("essays",))
    path = tmp_path / "project" / "workbench.toml"
    path.write_text(path.read_text().replace("response_tokens = 200", "response_tokens = 30"))
    project = Project.open(tmp_path / "project")
    write(project.root / "essays" / "gravel.md", PARTS)
    import_paths(project, [])
    propose_pairs(project)
    return project


@pytest.fixture
def gravel(project):
    return project.root / "essays" / "gravel.md"


def all_pairs(project):
    ids = pairs.ids(project.db, PairFilter())
    return [pairs.get(project.db, pair_id) for pair_id in ids]


def said(pair):
    return pair.prompt, pair.response, pair.tier, pair.status, pair.note, pair.flagged, pair.edited


def only(project):
    (row,) = essay_rows(project)
    return row


def test_a_look_at_what_is_as_it_was_says_nothing(project):
    assert not look(project).anything
    assert look(project).summary == "Nothing changed on the disk."


def test_pairs_whose_text_only_moved_keep_all_that_they_say(project, gravel):
    before = all_pairs(project)
    pairs.change(project.db, "note", [PairChange(id=before[0].id, note="mine", flagged=True, tier="thesis")])
    curating.decide(project, [before[1].id], "accepted")
    before = all_pairs(project)
    write(gravel, [PARTS[0], "An epigraph of some length that nobody had before.", *PARTS[1:]])
    report = look(project)
    assert (report.changed, report.followed[0].changed, report.followed[0].moved) == (("gravel",), 0, len(before))
    after = all_pairs(project)
    assert [said(pair) for pair in after] == [said(pair) for pair in before]
    text = essays.text(project.db, only(project).id)
    for pair in after:
        assert text[pair.start : pair.end].split()[:3] == pair.response.split()[:3]
        assert not pair.changed


def test_a_changed_sentence_marks_its_pairs_and_no_other(project, gravel):
    before = all_pairs(project)
    write(gravel, [*PARTS[:4], PARTS[4].replace("every Sunday", "on most Sundays")])
    report = look(project)
    after = all_pairs(project)
    assert [pair.changed for pair in after] == ["every Sunday" in pair.prompt + pair.response for pair in before]
    assert [said(pair) for pair in after] == [said(pair) for pair in before]
    assert report.summary == "1 pair changed in On Gravel: settle with w"
    assert only(project).changed == 1


def changed_pair(project, gravel):
    write(gravel, [*PARTS[:4], PARTS[4].replace("every Sunday", "on most Sundays")])
    look(project)
    (pair_id,) = settling.changed_ids(project)
    return pair_id


def test_the_new_text_is_taken_as_one_edit(project, gravel):
    pair_id = changed_pair(project, gravel)
    view = settling.change_view(project, pair_id)
    assert "every Sunday" in view.before[1]
    assert "on most Sundays" in view.after[1]
    assert (view.own, view.gone) == (False, False)
    before = pairs.get(project.db, pair_id)
    settling.settle(project, pair_id, "take")
    taken = pairs.get(project.db, pair_id)
    assert taken.response == before.response.replace("every Sunday", "on most Sundays")
    assert (taken.prompt, taken.changed, taken.edited) == (before.prompt, False, False)
    assert taken.response_words == before.response_words + 1
    assert edits.undo(project) == "Undone: take the new text for a pair"
    back = pairs.get(project.db, pair_id)
    assert (said(back), back.changed, back.text_hash) == (said(before), True, before.text_hash)
    edits.redo(project)
    assert pairs.get(project.db, pair_id).response == taken.response
    assert settling.changed_ids(project) == []


def test_the_old_text_is_kept_and_not_asked_about_again(project, gravel):
    pair_id = changed_pair(project, gravel)
    before = pairs.get(project.db, pair_id)
    settling.settle(project, pair_id, "keep")
    write(gravel, ["Another epigraph.", *PARTS[:4], PARTS[4].replace("every Sunday", "on most Sundays")])
    look(project)
    kept = pairs.get(project.db, pair_id)
    assert (kept.response, kept.changed, kept.edited) == (before.response, False, True)
    text = essays.text(project.db, only(project).id)
    assert "on most Sundays" in text[kept.start : kept.end]
    with pytest.raises(NothingToDoError, match="nothing to settle"):
        settling.change_view(project, pair_id)


def test_an_edited_pair_shows_its_own_words_beside_the_two_of_the_essay(project, gravel):
    pair = all_pairs(project)[-1]
    reshaping.edit_pair(project, pair.id, prompt=pair.prompt, response="I rake. It goes back. Every Sunday, I rake.")
    assert changed_pair(project, gravel) == pair.id
    view = settling.change_view(project, pair.id)
    assert view.own
    assert "every Sunday" in view.before[1]
    assert "on most Sundays" in view.after[1]
    settling.settle_with(project, pair.id, prompt=pair.prompt, response="I rake on most Sundays.")
    settled = pairs.get(project.db, pair.id)
    assert (settled.response, settled.edited, settled.changed) == ("I rake on most Sundays.", True, False)


def test_a_text_that_goes_back_to_what_it_was_takes_the_mark_off(project, gravel):
    pair_id = changed_pair(project, gravel)
    write(gravel, PARTS)
    look(project)
    assert not pairs.get(project.db, pair_id).changed
    assert following.stale(project.db) == []


def test_a_pair_whose_text_is_gone_is_kept_and_says_so(project, gravel):
    pair = all_pairs(project)[-1]
    write(gravel, PARTS[:4])
    look(project)
    view = settling.change_view(project, pair.id)
    assert view.gone
    assert view.after[1] == ""
    with pytest.raises(NothingToDoError, match="response is gone from the essay; the prompt is not"):
        settling.settle(project, pair.id, "take")
    settling.settle(project, pair.id, "keep")
    kept = pairs.get(project.db, pair.id)
    assert (kept.response, kept.changed) == (pair.response, False)


def test_taking_a_text_whose_prompt_is_gone_proposes_the_pair_again(project, gravel):
    pair = next(item for item in all_pairs(project) if item.prompt.strip())
    curating.decide(project, [pair.id], "accepted")
    write(gravel, [part for part in PARTS if part.strip() != pair.prompt.strip()])
    look(project)
    view = settling.change_view(project, pair.id)
    assert view.lost == "The prompt is gone from the essay; the response is not."
    assert not settling.settle(project, pair.id, "take")
    taken = pairs.get(project.db, pair.id)
    assert (taken.status, taken.prompt, taken.response) == ("proposed", "", pair.response)
    edits.undo(project)
    assert pairs.get(project.db, pair.id).status == "accepted"


def test_halves_of_a_split_pair_and_merged_pairs_are_known_again_by_what_they_say(project, gravel):
    first, second, *_ = all_pairs(project)
    reshaping.merge_pairs(project, [first.id])
    merged = pairs.get(project.db, first.id)
    half = reshaping.split_pair(project, merged.id, merged.response.index(" ", len(merged.response) // 2))
    write(gravel, [PARTS[0], "Something before all the rest of it.", *PARTS[1:]])
    look(project)
    assert [pair.changed for pair in all_pairs(project)] == [False] * len(all_pairs(project))
    assert pairs.get(project.db, half).position > pairs.get(project.db, first.id).position


def test_new_paragraphs_are_counted_until_pairs_are_proposed_and_decided_pairs_stay(project, gravel):
    decided = all_pairs(project)
    curating.decide(project, [pair.id for pair in decided], "accepted")
    came = "There was a second path, of brick. It had no opinions at all, and we were all afraid of it in the rain."
    write(gravel, [*PARTS, came, came.replace("second", "third").replace("brick", "slate").replace("rain", "frost")])
    look(project)
    assert only(project).fresh == 2
    made = propose_pairs(project, [only(project).id])
    assert made
    assert only(project).fresh == 0
    after = all_pairs(project)
    assert [said(pair)[:3] for pair in after if pair.status == "accepted"] == [said(pair)[:3] for pair in decided]
    assert all("path" in pair.response for pair in after if pair.status == "proposed")


def test_a_missing_file_loses_nothing_and_comes_back(project, gravel):
    essays.set_split(project.db, [only(project).id], "holdout")
    text = gravel.read_text()
    gravel.unlink()
    report = look(project)
    assert report.missing == ("On Gravel",)
    assert only(project).missing_at
    assert (only(project).proposed, only(project).split) == (len(all_pairs(project)), "holdout")
    assert not look(project).anything
    gravel.write_text(text)
    assert look(project).back == ("On Gravel",)
    assert only(project).missing_at is None


@pytest.mark.parametrize("by", [look, lambda project: import_paths(project, [])])
@pytest.mark.parametrize("change", ["", "And a last word."])
def test_a_renamed_file_is_the_same_source(project, gravel, by, change):
    row = only(project)
    essays.set_split(project.db, [row.id], "holdout")
    (project.root / "essays" / "deep").mkdir()
    gravel.rename(project.root / "essays" / "deep" / "2024-01-05 paths.md")
    write(project.root / "essays" / "deep" / "2024-01-05 paths.md", [*PARTS, change] if change else PARTS)
    by(project)
    after = only(project)
    assert (after.id, after.slug, after.split, after.proposed) == (row.id, row.slug, "holdout", row.proposed)
    assert (after.path, after.earlier_path) == ("essays/deep/2024-01-05 paths.md", "essays/gravel.md")
    assert (after.news, after.missing_at) == ("renamed", None)
    assert not look(project).anything


def test_a_look_says_what_was_renamed(project, gravel):
    gravel.rename(gravel.with_name("paths.md"))
    (renamed,) = look(project).renamed
    assert (renamed.title, renamed.earlier, renamed.path) == ("On Gravel", "essays/gravel.md", "essays/paths.md")


def test_files_that_change_names_with_each_other_are_told_apart_by_what_they_say(project, gravel):
    other = ["# On Keys", "Nobody has ever thrown away a key, and that is the whole history of hope in one drawer."]
    write(gravel.with_name("keys.md"), other)
    look(project)
    gravel.rename(gravel.with_name("a.md"))
    gravel.with_name("keys.md").rename(gravel.with_name("b.md"))
    look(project)
    assert {row.slug: row.path for row in essay_rows(project)} == {"gravel": "essays/a.md", "keys": "essays/b.md"}


def test_another_text_where_one_is_missing_is_a_new_source(project, gravel):
    gravel.unlink()
    write(gravel.with_name("keys.md"), ["# On Keys", "Nobody has ever thrown away a key, in all of history."])
    report = look(project)
    assert (report.added, report.missing) == (("keys",), ("On Gravel",))
    assert {row.slug: (row.news, bool(row.missing_at)) for row in essay_rows(project)} == {
        "gravel": ("", True),
        "keys": ("new", False),
    }


def test_new_files_wait_in_a_folder_from_which_nothing_has_come_in_yet(tmp_path):
    project = Project.create(tmp_path, essays=("essays",))
    write(tmp_path / "essays" / "gravel.md", PARTS)
    assert not look(project).anything
    assert essay_rows(project) == []


def test_files_outside_of_the_folders_are_followed_and_their_neighbours_are_not(project, tmp_path):
    write(tmp_path / "elsewhere" / "keys.md", ["# On Keys", "Nobody has ever thrown away a key."])
    import_paths(project, [tmp_path / "elsewhere" / "keys.md"])
    write(tmp_path / "elsewhere" / "diary.md", ["# Diary", "Not for anybody's eyes."])
    write(tmp_path / "elsewhere" / "keys.md", ["# On Keys", "Somebody once threw away a key."])
    assert look(project).changed == ("keys",)
    (tmp_path / "elsewhere" / "keys.md").rename(tmp_path / "elsewhere" / "locks.md")
    (renamed,) = look(project).renamed
    assert renamed.path == str(tmp_path / "elsewhere" / "locks.md")
    assert len(essay_rows(project)) == 2


def test_only_files_that_stand_still_are_read(project, gravel):
    write(gravel, PARTS[:3])
    assert not look(project, only=[]).anything
    assert look(project, only=[str(gravel)]).changed == ("gravel",)


def test_a_file_that_cannot_be_read_any_more_keeps_its_source_and_is_named(project, gravel):
    gravel.write_bytes(b"\xff\xfe\x00broken")
    report = look(project)
    assert "UTF-16" in report.problems[0].message
    assert "UTF-16" in report.summary
    assert essays.text(project.db, only(project).id).startswith("# On Gravel")


def test_a_crash_between_reading_and_following_is_caught_up(project, gravel):
    from workbench.operations.import_essays import bring_in
    from workbench.operations.intake import ImportOptions, Intake

    write(gravel, [*PARTS[:4], PARTS[4].replace("every Sunday", "on most Sundays")])
    bring_in(Intake(project, ImportOptions(), lambda done, total, name: None, lambda: False), gravel)
    assert settling.changed_ids(project) == []
    assert [item.changed for item in catch_up(project)] == [1]
    assert catch_up(project) == []


def test_a_file_written_twice_in_the_same_moment_is_read_again(project, gravel, monkeypatch):
    monkeypatch.setattr("curation.textfile._YOUNG_NS", 10**20)
    write(gravel, ["# On Gravel", "One two three four."])
    look(project)
    status = gravel.stat()
    write(gravel, ["# On Gravel", "One two three five."])
    os.utime(gravel, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert look(project).changed == ("gravel",)
