"""Widgets that ask nobody: they are given what they show, and post messages."""
