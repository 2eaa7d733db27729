"""Why one object or one image of a foreign format is not taken over."""


class Skip(ValueError):
    """(rule, message): the rule is the reason in the ledger, the message is for the person."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message
