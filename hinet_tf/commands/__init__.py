"""The command `hinet`: one module per subcommand, and what they share.

`options` and `recipe_options` hold the options that several have, `checks` what is refused before
TensorFlow starts.
"""
