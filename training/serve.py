"""Serve one model over HTTP, for trying it: `python -m training.serve MODEL_FOLDER --port 8400`.

A policy answers POST /v1/chat/completions as OpenAI's servers do; a reward model answers POST
/v1/score. It takes one request at a time: for traffic there are vLLM and its like.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from training.errors import ConfigError, RunError
from training.run import prepare_environment

KEY = "CONCORD_SERVE_KEY"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main(argv: list[str] | None = None) -> NoReturn:
    asked = parse(argv)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with tempfile.TemporaryDirectory(prefix="concord-serve-") as cache:
            prepare_environment(Path(cache))
            serve(asked, key=os.environ.pop(KEY, ""))
    except RunError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"ConfigError: {error}: install the train extra, concord[train]\n")
        sys.exit(ConfigError.exit_code)
    except KeyboardInterrupt:
        pass  # the way to end it
    sys.exit(0)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.serve",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"{KEY} in the environment: the bearer key that requests must bring.",
    )
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL_FOLDER", help="a published model, safetensors only")
    add("--port", type=int, default=8400, help="0 takes a free one (8400)")
    add("--host", default="127.0.0.1", help="another than this machine needs a key (127.0.0.1)")
    add("--name", default="", help="the model's name in the API (the folder's)")
    add("--sha256", help="what the folder's manifest.json must have")
    add("--waiting", type=int, default=8, help="requests that may wait; more get 429 (8)")
    asked = parser.parse_args(argv)
    if not 0 <= asked.port <= 65535 or asked.waiting < 0:
        parser.error("--port is 0 to 65535, and --waiting is not below 0")
    return asked


def serve(asked: argparse.Namespace, *, key: str) -> None:
    """Load, say where, answer until interrupted."""
    if asked.host not in LOOPBACK and not key:
        raise ConfigError(f"{asked.host} is open to others: set a key in {KEY}")
    from training.serving import models
    from training.serving.server import Server

    folder = asked.model.resolve()
    model = models.load(folder, asked.sha256)
    try:
        server = Server(
            (asked.host, asked.port),
            model,
            name=asked.name or folder.name,
            revision=models.revision_of(folder),
            key=key,
            waiting=asked.waiting,
        )
    except OSError as error:
        raise ConfigError(f"cannot listen on {asked.host}:{asked.port}: {error}") from error
    sys.stdout.write(f"Serving {server.name} ({model.kind}) at {server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.2)
    finally:
        server.stop()


def _stop(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
