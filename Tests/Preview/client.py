"""An HTTP client without rules: sends raw bytes over a socket and may leave the answer unread."""

import socket
import time
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """One connection; from another address of this machine where `source` names one."""

    def __init__(self, port: int, receive_bytes: int | None = None, source: str = "127.0.0.1"):
        self.socket = socket.socket()
        self.socket.bind((source, 0))
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, path: str, host: str = "127.0.0.1", method: str = "GET", more: str = "") -> None:
        self.send(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode())

    def receive(self) -> bool:
        """More bytes; False at the end."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            return False
        self.buffer += data
        return bool(data)

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self.receive():
                raise EOFError(f"{len(self.buffer)} of {count} bytes")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self.receive():
                raise EOFError(f"no {mark!r} after {self.buffer[:200]!r}")
        data, self.buffer = self.buffer.split(mark, 1)
        return data

    def head(self) -> Answer:
        """Status and headers."""
        lines = self.take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        return Answer(int(lines[0].split()[1]), headers, b"")

    def answer(self, has_body: bool = True) -> Answer:
        """An answer of known length."""
        answer = self.head()
        if has_body:
            answer.body = self.take(int(answer.headers.get("content-length", 0)))
        return answer

    def chunked(self):
        """The pieces of a body that has no end."""
        while count := int(self.take_until(b"\r\n"), 16):
            yield self.take(count)
            self.take(2)

    def is_ended_within(self, seconds: float) -> bool:
        """Returns True if the other side ends the connection."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.receive():
                    return True
            except TimeoutError:
                break
        return False

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(port: int, path: str, **more) -> Answer:
    with Client(port) as client:
        client.get(path, **more)
        return client.answer(has_body=more.get("method") != "HEAD")


class Pieces:
    """A stream's bytes, whatever they were sent in."""

    def __init__(self, client: Client):
        self.chunks, self.buffer = client.chunked(), b""

    def take_until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self.buffer += next(self.chunks)
        data, self.buffer = self.buffer.split(mark, 1)
        return data

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self.buffer += next(self.chunks)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data
