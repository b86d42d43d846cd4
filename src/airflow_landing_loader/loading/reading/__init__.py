"""Delivered bytes as an engine reads them: no delivered name or option reaches it."""
