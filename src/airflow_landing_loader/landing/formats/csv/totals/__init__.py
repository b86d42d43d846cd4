"""Control totals of a data file: added up by the one pass, whole batches of cells at a time."""
