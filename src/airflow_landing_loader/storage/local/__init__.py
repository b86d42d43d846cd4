"""Folders of a local file system."""
