"""Hand a listening socket to a program as systemd does: `python -m chaos.activate FD MODULE ARGUMENT...`."""

import os
import sys

FIRST_SOCKET = 3


def main(socket: int, *module: str) -> None:
    """Become the program, which finds the socket where systemd puts it."""
    os.dup2(socket, FIRST_SOCKET)
    environment = {**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execve(sys.executable, [sys.executable, "-m", *module], environment)  # noqa: S606 - our own program


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
