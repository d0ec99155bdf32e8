"""What is asked of all sources often agrees with their list."""

from __future__ import annotations

from pathlib import Path

from store import essay_facts, essays, pairs
from tests.journeys.builders import make_curated_project


def test_the_facts_are_those_of_the_list(tmp_path: Path) -> None:
    db = make_curated_project(tmp_path / "voice").db
    rows = sorted(essays.rows(db), key=lambda row: row.id)
    assert [(f.slug, f.group, f.split, f.words) for f in essay_facts.facts(db)] == [
        (row.slug, row.group, row.split, row.words) for row in rows
    ]
    assert essay_facts.how_many(db) == (len(rows), sum(row.split == "holdout" for row in rows), 0) == (4, 1, 0)
    essays.set_kind(db, [rows[0].id, rows[1].id], "note")
    essays.set_split(db, [row.id for row in rows[1:]], "holdout")
    held = [row.kind for row in essays.rows(db) if row.split == "holdout"]
    assert essay_facts.how_many(db) == (4, len(held) - held.count("note"), held.count("note")) == (4, 2, 1)


def test_essays_with_pairs_to_settle_are_named_by_title(tmp_path: Path) -> None:
    db = make_curated_project(tmp_path / "voice").db
    assert essay_facts.titles_changed(db) == []
    with db.transaction() as connection:
        connection.execute("UPDATE pair SET changed = 1 WHERE source_id IN (1, 2)")
        connection.execute("UPDATE pair SET status = 'rejected' WHERE source_id = 2")
    assert essay_facts.titles_changed(db) == [row.title for row in essays.rows(db) if row.changed]
    assert pairs.counts(db).changed
