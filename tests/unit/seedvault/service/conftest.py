"""A world for each test."""

import pytest

from tests.unit.seedvault.service.world import World


@pytest.fixture
def world() -> World:
    """An empty vault at noon."""
    return World()
