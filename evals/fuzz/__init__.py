"""Fuzzing: hostile inputs by the hundred thousand at every parser, each with an oracle that says what must hold."""
