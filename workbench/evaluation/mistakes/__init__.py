"""Every mistake with its kind and place; and labels that may be mistakes themselves."""
