"""Runs each call of gcloud in a fork of a process that has gcloud's modules loaded: loading them is most of a call's time.

    warm-gcloud.py serve SOCKET FOLDER                 where FOLDER holds gcloud.py; until stdin ends
    warm-gcloud.py call SOCKET … /path/gcloud.py ARG…  what gcloud's own script calls instead of Python
"""

import json
import os
import select
import signal
import socket
import sys

MAX_MESSAGE_BYTES = 1 << 20


def call(path, args):
    start = next(i for i, arg in enumerate(args) if arg.endswith("/gcloud.py")) + 1
    message = {"args": args[start:], "cwd": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(path)
        socket.send_fds(server, [json.dumps(message).encode()], [0, 1, 2])
        answer = server.recv(16)
    if not answer:
        sys.exit("gcloud ended without an exit code")
    sys.exit(int(answer))


def serve(path, folder):
    sys.path[:0] = [folder, os.path.join(folder, "third_party")]
    sys.argv = ["gcloud"]
    from googlecloudsdk import gcloud_main

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(64)
    # Nobody waits for the forks.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        caller, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            code = 1
            try:
                code = run(caller, gcloud_main)
            finally:
                caller.send(str(code).encode())
                os._exit(0)
        caller.close()


def run(caller, gcloud_main):
    message, descriptors, _, _ = socket.recv_fds(caller, MAX_MESSAGE_BYTES, 3)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    wanted = json.loads(message)
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv[1:] = wanted["args"]
    try:
        code = gcloud_main.main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 0 if code is None else 1


if __name__ == "__main__":
    mode, socket_path, *rest = sys.argv[1:]
    if mode == "serve":
        serve(socket_path, rest[0])
    else:
        call(socket_path, rest)
