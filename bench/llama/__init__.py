"""A real llama.cpp server with a generated model: what it answers is noise, how it answers is real.

`python -m bench.llama` starts one and prints its address.
"""
