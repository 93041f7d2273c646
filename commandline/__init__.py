"""The ground floor: how management commands talk to people and to scripts. Knows nothing of the product."""
