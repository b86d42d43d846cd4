"""The pages that people look at: each is a view, prepared here, and a template."""
