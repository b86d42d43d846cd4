"""Loads afterwards: proved, or taken back."""
