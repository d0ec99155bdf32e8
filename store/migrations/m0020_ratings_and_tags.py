"""Ratings and tags of samples, as annotations: a criterion with 1 to 5, and a word of the author's.

SQLite cannot change a CHECK: the table is written anew, with its rows, its indexes, the triggers of its words, and the
number it counts from, so that an id that was undone is never given again. `value` is of a rating, `label` its
criterion; a tag stands in `body`, where the index of words finds it.
"""

from typing import Any

_KINDS = "CHECK (kind IN ('note', 'mark', 'flag'))"
_MORE_KINDS = "CHECK (kind IN ('note', 'mark', 'flag', 'rating', 'tag'))"
_CREATED = "created_at TEXT NOT NULL\n"
_VALUE = "created_at TEXT NOT NULL,\n  value INTEGER CHECK (value BETWEEN 1 AND 5)\n"
_ONCE = (
    "CREATE UNIQUE INDEX annotation_rated_once ON annotation(sample_id, label) WHERE kind = 'rating'",
    "CREATE UNIQUE INDEX annotation_tagged_once ON annotation(sample_id, body) WHERE kind = 'tag'",
    "CREATE INDEX annotation_by_tag ON annotation(body) WHERE kind = 'tag'",
)


def apply(db: Any) -> None:
    """Rebuild the table of annotations."""
    connection = db.conn
    (definition,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'annotation'").fetchone()
    kept = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'annotation' AND type IN ('index', 'trigger') "
        "AND sql IS NOT NULL"
    ).fetchall()
    counted = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'annotation'").fetchone()
    for before, after in ((_KINDS, _MORE_KINDS), (_CREATED, _VALUE)):
        if before not in definition:
            raise ValueError(f"the table annotation is not defined with {before!r}")
        definition = definition.replace(before, after)
    connection.execute(f"CREATE TABLE annotation_new {definition[definition.index('(') :]}")
    connection.execute("INSERT INTO annotation_new SELECT *, NULL FROM annotation")
    connection.execute("DROP TABLE annotation")
    connection.execute("ALTER TABLE annotation_new RENAME TO annotation")
    if counted:
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'annotation'")
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('annotation', ?)", counted)
    for (sql,) in kept:
        connection.execute(sql)
    for statement in _ONCE:
        connection.execute(statement)
