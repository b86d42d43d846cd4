"""Bytes to text: compression, encoding, line by line."""
