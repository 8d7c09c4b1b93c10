"""Use cases, one class each, and in `ports` what they need from the outside."""
