"""The command line: translates, decides nothing. One module per noun."""
