"""A delivery, from seen to proved, and put away."""
