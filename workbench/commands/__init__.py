"""One verb per module: HELP, EXAMPLE, add_arguments(parser), run(args) -> exit code."""
