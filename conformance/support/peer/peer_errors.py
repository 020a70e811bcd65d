"""Exceptions of a service, in a module that the peer's transport allows to be rebuilt."""


class QuotaExceeded(Exception):
    """In the manner of Nova's: made of keyword arguments, which travel along."""

    def __init__(self, message=None, **kwargs):
        self.kwargs = kwargs
        super().__init__(message or 'No quota left for %(resource)s' % kwargs)


class Conflict(Exception):
    """Made of positional arguments."""


class Picky(Exception):
    """Cannot be made of a message: whoever rebuilds it by its arguments fails."""

    def __init__(self):
        super().__init__('picky')
