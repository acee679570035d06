"""Warm kernels: real, separate Jupyter kernels, forked from a server process that has the imports and tables loaded.

Starting a kernel and importing pandas, matplotlib and the rest takes most of a report's time. A fork of a process that
has done so is ready at once, and as separate as any other process: nothing that a notebook does reaches the next one.
Where there is no fork server, kernels start the plain way: on Windows, and in processes that may have no children, as
the workers of Dask are unless they are told otherwise.
"""

import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path

from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Dict, Type

from innodivide.reports.making import surroundings

NAME = "innodivide-warm"  # registered under this name in pyproject.toml
WARM = "innodivide.reports.making.warm"
# The same for every kernel, and read as a process begins. One thread each: the reports themselves run in parallel.
ALIKE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


def available() -> bool:
    """Return whether kernels can be forked here."""
    return "forkserver" in multiprocessing.get_all_start_methods() and not multiprocessing.current_process().daemon


def context():
    """Return the multiprocessing context whose server has the imports loaded."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([WARM])
    return found


def end_with_parent() -> None:
    """Let this process end as soon as the one that asked for it has died, even by SIGKILL."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if sys.platform == "linux":  # the thread has no turn in C code that never ends; there the system does it
        import fcntl

        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(parent.sentinel, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    if not parent.is_alive():  # it died before somebody watched: its files are gone, and the thread had no turn yet
        os._exit(1)


def own_folders(folder: str) -> dict[str, str]:
    """Return the variables that keep IPython's and Matplotlib's files in a folder, away from the user's.

    Matplotlib keeps a list of fonts that takes a while to make: it may have that at home if there is one to write in.
    """
    try:
        home = os.access(Path.home(), os.W_OK)
    except RuntimeError:
        home = False
    kept = home or "MPLCONFIGDIR" in os.environ
    return {"IPYTHONDIR": f"{folder}/ipython"} | ({} if kept else {"MPLCONFIGDIR": f"{folder}/matplotlib"})


def variables(folder: str) -> dict[str, str | None]:
    """Return what has to change in this process's variables for kernels, or a server of theirs, to inherit them."""
    others = os.environ.keys() - surroundings.kept(os.environ).keys()
    return {**dict.fromkeys(others), **own_folders(folder), **ALIKE, "TMPDIR": folder}


class _OutputChannel(AsyncZMQSocketChannel):
    """Waits a tenth of the usual time for a first message, and for the silence after which the first cell is sent.

    A first message that takes longer is asked for again, and nothing is lost if more comes after the silence: a message
    names the request that it answers.
    """

    async def get_msg(self, timeout: float | None = None):
        return await super().get_msg(timeout and timeout / 10)


class ReportKernelClient(AsyncKernelClient):
    """Client that sends the first cell as soon as its kernel has answered."""

    iopub_channel_class = Type(_OutputChannel)


class ReportKernelManager(AsyncKernelManager):
    """Starts a kernel with variables of its own, so that notebooks can run side by side in the threads of a process."""

    client_factory = Type(ReportKernelClient)
    environment = Dict(help="Variables of the kernel, beside those of this process.").tag(config=True)

    async def start_kernel(self, **kwargs):
        await super().start_kernel(env={**surroundings.kept(os.environ), **self.environment}, **kwargs)

    async def _async_interrupt_kernel(self) -> None:
        """Do nothing: a kernel would be interrupted only as it is killed, and sometimes has the time to print that."""

    def format_kernel_cmd(self, extra_arguments=None) -> list[str]:
        """Return the command of a plain kernel: ours, whatever kernels are registered on this machine."""
        command = super().format_kernel_cmd(extra_arguments)
        return [sys.executable, "-P", "-m", __name__, *command[command.index("-f") :]]


class WarmProvisioner(LocalProvisioner):
    """Launches a kernel as a fork of the warm server instead of a new interpreter."""

    async def launch_kernel(self, cmd, **kwargs):
        environment = {k: v for k, v in (kwargs.get("env") or os.environ).items()}
        process = context().Process(target=run_kernel, args=(cmd[cmd.index("-f") :], environment, kwargs.get("cwd")))
        process.start()
        self.process, self.pid, self.pgid, self.cwd = _Handle(process), process.pid, None, kwargs.get("cwd")
        return self.connection_info


class _Handle:
    """What the provisioner asks of a process, answered by a multiprocessing one."""

    stdin = stdout = stderr = None

    def __init__(self, process):
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, number)
        if number == signal.SIGKILL:  # it dies at once; without this, who asks whether it has would sleep 0.1 s first
            self._process.join(1)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run_kernel(arguments: list[str], environment: dict[str, str], folder: str | None) -> None:
    """Be a kernel in a process that is already warm."""
    end_with_parent()
    os.environ.clear()
    os.environ.update(environment)
    if folder:
        os.chdir(folder)
    os.setpgrp()  # Ctrl-C in a terminal is for the run, which then ends its kernels
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one that came before is forgotten: the run has had it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    serve([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])


def serve(arguments: list[str]) -> None:
    """Answer as an IPython kernel that reads no settings and runs no startup file of this machine."""
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core import application

    application.SYSTEM_CONFIG_DIRS.clear()
    application.ENV_CONFIG_DIRS.clear()
    IPKernelApp.launch_instance(argv=["--InteractiveShellApp.exec_PYTHONSTARTUP=False", *arguments])


if __name__ == "__main__":
    serve(sys.argv[1:])
