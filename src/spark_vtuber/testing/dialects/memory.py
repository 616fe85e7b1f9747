"""The memory of a fake graphics card: so many models fit, and one more does not."""


class Card:
    """Holds the models that are loaded, `room` of them at most. `log` tells every load and unload in their order."""

    def __init__(self, room: int = 1) -> None:
        self.room = room
        self.loaded: list[str] = []
        self.log: list[str] = []

    def load(self, model: str) -> bool:
        """Whether the model is on the card now."""
        if model in self.loaded:
            return True
        if len(self.loaded) >= self.room:
            self.log.append(f"no room for {model}")
            return False
        self.loaded.append(model)
        self.log.append(f"load {model}")
        return True

    def unload(self, model: str) -> None:
        """Take a model off the card."""
        if model in self.loaded:
            self.loaded.remove(model)
            self.log.append(f"unload {model}")
