"""
Runs schemathesis over the OpenAPI files of the specification against a daemon.

No answer may be a 5xx, and each has to conform to the schema of its status and
its content type.  Needs schemathesis, and the directory of the files in
SYNAUTH_MATRIX_SPEC.
"""

import argparse
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import List, Optional

import yaml

from tests.functional.daemon import ANY_FREE_PORT, QUICK, Daemon
from tests.specification import DIRECTORY

# What is not about authentication.
NOT_SERVED = ("openid", "oauth_server_metadata", "sso_login_redirect", "wellknown")

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"


def schemathesis(
    file: str, base_url: str, token: str, examples: int, seed: int
) -> bool:
    """
    @param file: an OpenAPI file.
    @return: whether it found nothing; what it found is printed.
    """
    command = [sys.executable, "-m", "schemathesis.cli", "run", file]
    command += ["--url", base_url, "-H", "Authorization: Bearer " + token]
    command += ["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]
    command += ["--max-examples", str(examples), "--seed", str(seed)]
    command += ["--continue-on-failure", "--warnings", "off", "--no-color"]
    # It leaves what it remembers where it is started.
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    print("%s: %s" % (os.path.basename(file), "ok" if not done.returncode else "!"))
    if done.returncode:
        print(done.stdout.decode("utf-8", "replace")[-6000:])
    return done.returncode == 0


def loosened(directory: str, copy: str) -> str:
    """
    Copy the files, without what our answers differ in on purpose: a 401 is a
    refused token where the files have a challenge only, and devices have nulls
    (docs/differences.rst).  L{tests.specification} holds those to more.

    @return: the copy.
    """
    # Some of it stands beside the directory.
    directory = os.path.abspath(directory)
    shutil.copytree(os.path.dirname(directory), copy)
    copy = os.path.join(copy, os.path.basename(directory))
    for path in glob.glob(os.path.join(copy, "*.yaml")):
        with open(path, encoding="utf-8") as stream:
            document = yaml.safe_load(stream)
        devices = os.path.basename(path) == "device_management.yaml"
        for item in document.get("paths", {}).values():
            for method in ("get", "put", "post", "delete"):
                responses = item.get(method, {}).get("responses", {})
                for status in ("401", "200") if devices else ("401",):
                    responses.get(status, {}).pop("content", None)
        with open(path, "w", encoding="utf-8") as stream:
            yaml.safe_dump(document, stream)
    return copy


def run(directory: str, examples: int, seed: int) -> List[str]:
    """
    @param directory: of the OpenAPI files.
    @param examples: requests to each endpoint.
    @return: the files in which something was found; what that was is printed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = loosened(directory, os.path.join(scratch, "api"))
        files = [
            path
            for path in sorted(glob.glob(os.path.join(copy, "*.yaml")))
            if os.path.splitext(os.path.basename(path))[0] not in NOT_SERVED
        ]
        return [path for path in files if not _conforms(path, examples, seed)]


def _conforms(path: str, examples: int, seed: int) -> bool:
    # A new daemon for each: some requests end the account.
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "homeserver.yaml")
        with open(config, "w", encoding="utf-8") as stream:
            json.dump(QUICK, stream)
        daemon = Daemon(folder, ["--listen", ANY_FREE_PORT, "--config", config])
        try:
            token = daemon.client().register("alice").body["access_token"]
            url = "http://127.0.0.1:%d/_matrix/client/v3" % (daemon.port(),)
            good = schemathesis(path, url, token, examples, seed)
            if "Traceback" in daemon.log():
                print(daemon.log()[-4000:])
                good = False
        finally:
            daemon.stop(signal.SIGKILL)
    return good


def main(argv: Optional[List[str]] = None) -> int:
    """
    @return: the exit status.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    directory = os.environ.get(DIRECTORY)
    if not directory:
        parser.error("%s is not set" % (DIRECTORY,))
    found = run(directory, options.examples, options.seed)
    print("something was found in %d files" % (len(found),))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
