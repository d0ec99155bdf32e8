"""Our two themes: warm paper by day and by night, one accent, everything else in shades of the text's colour."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="night",
    primary="#d9a05b",
    secondary="#8c8579",
    accent="#d9a05b",
    warning="#d8b74a",
    error="#dd7a6e",
    success="#9ab87a",
    foreground="#ddd8ce",
    background="#191816",
    surface="#201f1c",
    panel="#262420",
    dark=True,
    variables={"footer-key-foreground": "#ddd8ce", "input-cursor-background": "#d9a05b", "border": "#4a463e"},
)

LIGHT = Theme(
    name="paper",
    primary="#96550f",
    secondary="#7a7468",
    accent="#96550f",
    warning="#8a6a00",
    error="#a83226",
    success="#46702a",
    foreground="#2a2824",
    background="#fbf9f4",
    surface="#f4f1e9",
    panel="#ece8dd",
    dark=False,
    variables={"footer-key-foreground": "#2a2824", "input-cursor-background": "#96550f", "border": "#c9c2b2"},
)
