"""How a database's failures leave `storage`: each database says which of its errors is which."""


class Clash(Exception):
    """Something unique stands there already. Whoever writes says what, in their own words."""


class StillNeeded(Exception):
    """Something refers to what was to be removed, or does not exist. Whoever writes says what."""


class Contended(Exception):
    """Another transaction was in the way: this one must be begun anew. Never leaves `storage`."""
