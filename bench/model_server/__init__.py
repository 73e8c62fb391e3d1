"""A model server that answers without a model: three dialects, exact counts, failures on demand.

`python -m bench.model_server --help` says how it is started; `bench.model_server.process` starts it for tests and
measurements.
"""
