"""Servers that stand for clouds, started on this machine, and what is in them."""
