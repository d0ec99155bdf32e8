"""Our two themes: warm paper by day and by night, one accent, everything else in shades of the text's colour."""

from __future__ import annotations

from textual.theme import Theme

# Names that screens give to text of second and third rank. Textual's own values are computed against the background,
# which only its CSS can do: content that is drawn line by line needs plain colours.
ANSI_VARIABLES = {
    "text-muted": "ansi_bright_black",
    "text-disabled": "ansi_bright_black",
    "border": "ansi_bright_black",
}
KEPT_THEMES = ("night", "paper", "ansi-dark", "ansi-light")

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
    variables={
        "text-muted": "#958e82",
        "text-disabled": "#655f55",
        "border": "#3d3a33",
        "input-cursor-background": "#d9a05b",
        "scrollbar": "#3d3a33",
        "scrollbar-hover": "#58534a",
        "scrollbar-active": "#d9a05b",
        "scrollbar-background": "#191816",
    },
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
    variables={
        "text-muted": "#6f695e",
        "text-disabled": "#a39c8e",
        "border": "#d8d2c4",
        "input-cursor-background": "#96550f",
        "scrollbar": "#d8d2c4",
        "scrollbar-hover": "#bdb6a6",
        "scrollbar-active": "#96550f",
        "scrollbar-background": "#fbf9f4",
    },
)
