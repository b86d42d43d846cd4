"""Coverage-guided fuzzing: inputs are grown until the code does something it has not promised.

    make fuzz ARGS="--seconds 300"

A target is a function from bytes to nothing. It feeds the real code and raises when a promise is
broken; what is promised it knows from models of its own, from Python's ``csv`` module, from the
JSON Schema and from DuckDB. ``corpus`` keeps the inputs that lead furthest, and what was found
once; ``make test`` tries them all.
"""
