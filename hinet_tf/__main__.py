"""`python -m hinet_tf` is the command `hinet`."""

from hinet_tf.commands.hinet import main

if __name__ == "__main__":
    raise SystemExit(main())
