"""Deliveries made from a mapping, right and faulty ones, with what has to become of each."""
