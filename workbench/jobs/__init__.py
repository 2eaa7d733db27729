"""Command lines that are run elsewhere or later; what they do is nobody's business here."""
