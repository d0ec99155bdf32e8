"""How many tokens each pair has for each target model; counts of a pair go when its text changes."""

from typing import Any

_STATEMENTS = (
    """
    CREATE TABLE token_model (            -- a tokenizer and a layout, as they stood when they were counted with
      id INTEGER PRIMARY KEY,
      fingerprint TEXT NOT NULL UNIQUE,   -- changes with the files of the model, and with the program
      model TEXT NOT NULL,
      exact INTEGER NOT NULL CHECK (exact IN (0, 1))
    ) STRICT
    """,
    """
    CREATE TABLE pair_tokens (
      token_model_id INTEGER NOT NULL REFERENCES token_model(id) ON DELETE CASCADE,
      pair_id INTEGER NOT NULL REFERENCES pair(id) ON DELETE CASCADE,
      prompt_tokens INTEGER NOT NULL,
      response_tokens INTEGER NOT NULL,
      total_tokens INTEGER NOT NULL,      -- as laid out, with the EOS
      PRIMARY KEY (token_model_id, pair_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX pair_tokens_by_pair ON pair_tokens(pair_id)",
    "CREATE INDEX pair_tokens_by_total ON pair_tokens(token_model_id, total_tokens)",
    # Whoever changes the text, undo and another program included, takes the counts away with it.
    "CREATE TRIGGER pair_tokens_text AFTER UPDATE OF prompt, response ON pair "
    "WHEN old.prompt IS NOT new.prompt OR old.response IS NOT new.response "
    "BEGIN DELETE FROM pair_tokens WHERE pair_id = new.id; END",
)


def apply(db: Any) -> None:
    """Make the tables and the trigger."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)
