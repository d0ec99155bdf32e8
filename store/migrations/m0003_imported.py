"""Pairs that were imported, and runs that were made elsewhere: what nobody knows of those may stand as null.

`pair.origin` and `pair.imported_hash` say where a pair came from and what it said there, so that an import that is done
again is known again even after the pair was edited. A sample made elsewhere may have no seed, no tokens and no time;
a run that only a log tells of has no canary prompts.
"""

from typing import Any

_PAIR = (
    "ALTER TABLE pair ADD COLUMN origin TEXT",  # file and line; null: proposed here
    "ALTER TABLE pair ADD COLUMN imported_hash TEXT",  # of prompt and response as they were imported
    "CREATE INDEX pair_by_imported_hash ON pair(imported_hash) WHERE imported_hash IS NOT NULL",
)
# table: what of its definition becomes what
_NULLABLE = {
    "run": {"canary_set_id INTEGER NOT NULL": "canary_set_id INTEGER"},
    "sample": {
        "seed INTEGER NOT NULL": "seed INTEGER",
        "token_ids_json TEXT NOT NULL": "token_ids_json TEXT",
        "tokens INTEGER NOT NULL": "tokens INTEGER",
        "seconds REAL NOT NULL": "seconds REAL",
    },
}


def apply(db: Any) -> None:
    """Add the columns, and rebuild the two tables without some of their NOT NULL."""
    for statement in _PAIR:
        db.conn.execute(statement)
    for table, changes in _NULLABLE.items():
        _rebuild(db.conn, table, changes)


def _rebuild(connection: Any, table: str, changes: dict[str, str]) -> None:
    """Write a table anew under another definition, with its rows, indexes and triggers.

    SQLite cannot drop a NOT NULL. References of other tables are by name and stay; foreign keys are not enforced
    while migrations run.
    """
    (definition,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    kept = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL",
        (table,),
    ).fetchall()
    for before, after in changes.items():
        if before not in definition:
            raise ValueError(f"the table {table} has no column defined as {before!r}")
        definition = definition.replace(before, after)
    columns = definition[definition.index("(") :]
    connection.execute(f"CREATE TABLE {table}_new {columns}")
    connection.execute(f"INSERT INTO {table}_new SELECT * FROM {table}")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {table}_new RENAME TO {table}")
    for (sql,) in kept:
        connection.execute(sql)
