"""The queue of pairs (how doubtful each is, what was skipped), and words of everything, indexed by FTS5.

The indexes hold no text: it stays in the tables (external content), and triggers follow it. A migration that rebuilds
one of those tables has to make its triggers again.
"""

from typing import Any

_PAIR = (
    # null: not judged yet; else 0 for nothing to doubt, more for worse
    "ALTER TABLE pair ADD COLUMN doubt INTEGER CHECK (doubt >= 0)",
    # 0: not skipped; else a number that rises with each skip, so that the latest comes last
    "ALTER TABLE pair ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0)",
    "DROP INDEX pair_by_source",
    "CREATE INDEX pair_by_source ON pair"
    "(source_id, position, id, status, tier, flagged, response_words, doubt, skipped)",
    # what is still to be judged after a migration; empty from then on
    "CREATE INDEX pair_unjudged ON pair(id) WHERE doubt IS NULL AND status = 'proposed'",
)
_SOURCE_TEXT = (
    "CREATE VIEW source_text AS SELECT s.id, s.title, t.body FROM source s JOIN text t ON t.hash = s.text_hash"
)
# table of the words: (table or view they are of, the table whose changes are followed, its columns, when it changes)
_WORDS = {
    "source_words": ("source_text", "source", ("title", "body"), "title, text_hash"),
    "pair_words": ("pair", "pair", ("prompt", "response", "note"), "prompt, response, note"),
    "canary_words": ("canary", "canary", ("slug", "prompt", "reference"), "slug, prompt, reference"),
    "sample_words": ("sample", "sample", ("text",), "text"),
    "annotation_words": ("annotation", "annotation", ("body",), "body"),
}


def apply(db: Any) -> None:
    """Add the columns and the indexes, and fill them from what is there."""
    for statement in (*_PAIR, _SOURCE_TEXT):
        db.conn.execute(statement)
    for words, (content, table, columns, watched) in _WORDS.items():
        listed = ", ".join(columns)
        db.conn.execute(
            f"CREATE VIRTUAL TABLE {words} USING fts5({listed}, content = '{content}', content_rowid = 'id', "
            "tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')"
        )
        values = {side: ", ".join(_value(content, side, column) for column in columns) for side in ("old", "new")}
        add = f"INSERT INTO {words}(rowid, {listed}) VALUES (new.id, {values['new']});"
        remove = f"INSERT INTO {words}({words}, rowid, {listed}) VALUES ('delete', old.id, {values['old']});"
        for when, done in (
            ("insert", add),
            ("delete", remove),
            (f"update OF {watched}", remove + add),
        ):
            name = when.split()[0]
            db.conn.execute(f"CREATE TRIGGER {words}_{name} AFTER {when} ON {table} BEGIN {done} END")
        db.conn.execute(f"INSERT INTO {words}({words}) VALUES ('rebuild')")


def _value(content: str, side: str, column: str) -> str:
    if content == "source_text" and column == "body":
        return f"(SELECT body FROM text WHERE hash = {side}.text_hash)"
    return f"{side}.{column}"
