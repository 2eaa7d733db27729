"""Programs for those who work on the workbench; nothing here is installed."""
