"""Each kind of compression as a stream that must end as it should."""
