"""Servers on this machine for tests of egress: each counts who came, and answers as it is told."""

import socket
import threading
import time
from contextlib import contextmanager


class Listener:
    """Takes connections on 127.0.0.1, keeps what was sent, answers with `answer(stream)`."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def serve(self):
        while True:
            try:
                stream, _ = self.socket.accept()
            except OSError:
                return  # closed: the test is over
            self.connections += 1
            with stream:
                stream.settimeout(5)
                try:
                    self.requests.append(self.read(stream))
                    self.answer(stream)
                except OSError:
                    pass  # the other side went away, which is what some tests are about

    @staticmethod
    def read(stream):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = stream.recv(65536)
            if not piece:
                return data
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += stream.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self):
        # A thread in accept() is not woken by close() alone.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(6)


@contextmanager
def listening(answer):
    server = Listener(answer)
    try:
        yield server
    finally:
        server.close()


def saying(status="200 OK", body=b"fine", **headers):
    """An answer in one piece."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda stream: stream.sendall(whole)


def dripping(stream):
    """A byte now and then, for ever: each of them comes in time."""
    stream.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        stream.sendall(b"x")
        time.sleep(0.02)
