"""The CSV witness: one pass over the bytes, every record and every error at its line."""
