"""Zones in object stores: bucket prefixes whose objects are the files."""
