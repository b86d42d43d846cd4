"""The tests; a package so that they can share what is in `support`."""

import pytest

# An assert of what they share says what its two sides were, as one in a test does.
pytest.register_assert_rewrite("tests.support")
