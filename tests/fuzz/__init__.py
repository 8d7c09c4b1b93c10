"""Throws broken seed files at the readers: `./dev fuzz`."""
