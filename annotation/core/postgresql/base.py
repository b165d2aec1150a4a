"""Django looks here for the class of a connection."""

import select

from django.db.backends.postgresql import base

# What a connection asks for when it opens, at no cost. Whatever DATABASE_URL says comes after, and
# holds.
#
# Only prepared statements ask how they are to be planned, and ours are written so that one plan is
# right for all values: by itself PostgreSQL plans each five times over before it keeps a plan, and
# planning costs ten times what running does. Compiling a query to machine code pays for reports of
# minutes; a page of some hundred milliseconds would wait for the compiler.
SESSION = "-c plan_cache_mode=force_generic_plan -c jit=off"


class DatabaseWrapper(base.DatabaseWrapper):
    """Each request asks whether its connection still stands. A server that went away has closed
    the socket, so the socket knows: a statement is sent only where something is to be read."""

    def get_connection_params(self):
        parameters = super().get_connection_params()
        parameters["options"] = f"{SESSION} {parameters.get('options', '')}".strip()
        return parameters

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return not socket.poll(0) or super().is_usable()
