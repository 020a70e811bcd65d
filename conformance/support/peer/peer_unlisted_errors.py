"""An exception in a module that the peer's transport does not allow."""


class Secret(Exception):
    pass
