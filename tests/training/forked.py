"""Trainers started from a process that has imported the libraries already.

PyTorch, transformers and TRL take 6 to 15 seconds to import, which is most of what a small run
takes. Each trainer still is a process of its own, of the same entry point, that can be killed;
those tests that are about the start itself start it from nothing (`toy.start(fresh=True)`).
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


@cache
def _context():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["training.trainers", "training.encoder_loop"])
    return context


class Forked:
    """As much of `subprocess.Popen` as the tests use."""

    def __init__(self, module, arguments, log, environment):
        before = {name: os.environ.get(name) for name in QUIET}
        os.environ.update(QUIET)  # the server's, which begins with the first of these
        self._process = _context().Process(
            target=_be, args=(module, arguments, str(log), environment), daemon=True
        )
        self._process.start()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        self.pid = self._process.pid

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return self._process.exitcode

    def send_signal(self, number):
        if self._process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


def _be(module, arguments, log, environment):
    """In the forked process: become the trainer."""
    os.chdir(ROOT)
    os.environ.update(environment)
    with open(log, "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
