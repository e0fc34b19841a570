"""How this repository's own weights are made; not part of the wheel."""
