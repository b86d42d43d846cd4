"""``landing-loader run``: look, load, finish, dbt, over and over."""
