"""How fast exported models are, beside a plain conversion."""
