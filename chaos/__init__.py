"""Fault injection: loaders are killed over and over, and nothing may be lost by it.

    make chaos ARGS="--kills 500"

A seed makes a world: a landing zone with deliveries of every kind. A loader works on it and is
killed, by time or at a named point, and started again. What lies in the zones and stands in the
database is then compared with an oracle that knows the rules, and none of our code.
"""
