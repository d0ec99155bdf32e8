"""Numbered migrations, frozen once shipped, importing none of our code."""
