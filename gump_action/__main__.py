"""`python -m gump_action`: the same as the program `gump-action`."""

from gump_action.main import main

main()
