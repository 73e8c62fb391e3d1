"""codedesigner reviews changes: several independent reviewers look, every finding is put to the vote."""

__version__ = "0.1.0"
