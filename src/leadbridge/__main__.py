"""`python -m leadbridge` is `leadbridge`."""

from leadbridge.cli import main

main()
