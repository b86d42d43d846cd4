"""Files back from failed into landing."""
