"""What a seed file may come wrapped in, taken off on request and within bounds: see `unwrap`."""

from importers.containers.memory import Bounds
from importers.containers.unlocking import ContainerUnlock, PgpKey
from importers.containers.unwrap import unwrap
from importers.containers.wrapper import Wrapper, wrapper_of

__all__ = ["Bounds", "ContainerUnlock", "PgpKey", "Wrapper", "unwrap", "wrapper_of"]
