"""Drills: the real thing under load and under attack, with figures. `python -m tests.drills`."""
