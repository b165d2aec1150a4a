"""Django looks here for the class of a connection."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Each request asks whether its connection still stands. A server that went away has closed
    the socket, so the socket knows: a statement is sent only where something is to be read."""

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return not socket.poll(0) or super().is_usable()
