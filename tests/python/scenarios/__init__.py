"""Runs scenario files over `import fusepay`: the same text, and the same transcript, as in Rust and C.

`tests/scenarios/FORMAT.md` is the specification. `verbs.py` calls every operation of the Python API
once, and `biller.py` is a provider: both are meant to be read as examples.
"""
