"""The rules by which leftovers go, each of which can be switched off; `cleaning` finds what they take away.

They stand alone so that the settings of a project can be read without all that reads Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

RULES: dict[str, str] = {
    "front_matter": "The fields between --- or +++ lines at the top.",
    "date_line": "A date alone in the first five lines; in emphasis also with a name or place before it.",
    "end_matter": "The notes, [^1]: ... and all from the first pasted note on; they are kept aside.",
    "footnote_references": "The numbers in the text that point to notes.",
    "captioned_images": "Images that are links or have a caption, with the caption.",
    "images": "All other images.",
    "links": "Addresses behind words; the words stay.",
    "bare_addresses": "Addresses that stand in the text themselves.",
    "platform_lines": "Subscribe, Share, Thanks for reading and their like; lines of tags, {{ ... }}, {% ... %}.",
    "closing_break": "A *** or its like at the very end.",
    "html": "Raw HTML and comments; inside a sentence the words between tags stay.",
}


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """Which rules are on; see `RULES` for what each takes away."""

    front_matter: bool = True
    date_line: bool = True
    end_matter: bool = True
    footnote_references: bool = True
    captioned_images: bool = True
    images: bool = True
    links: bool = True
    bare_addresses: bool = True
    platform_lines: bool = True
    closing_break: bool = True
    html: bool = True

    @property
    def off(self) -> frozenset[str]:
        """The names of the rules that are off."""
        return frozenset(field.name for field in fields(self) if not getattr(self, field.name))


CLEAN = Cleaning()
