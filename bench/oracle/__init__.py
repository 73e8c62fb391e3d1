"""Enclosing functions by tools that share no code with the product."""
