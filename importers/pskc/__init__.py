"""Portable Symmetric Key Container, RFC 6030."""
