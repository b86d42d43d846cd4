"""From the bytes of a few files of one kind to how all of them are written."""
