"""Runs that are carried by hand: what is packed for them, what happens there, and how results are taken in here."""
