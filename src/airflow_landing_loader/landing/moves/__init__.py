"""Files to archive or failed, with an explanation; a death at any step loses nothing."""
