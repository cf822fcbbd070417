"""
Checks answers against the specification's OpenAPI files, where there are any:
L{DIRECTORY} names the directory that has those of the client-server API.
"""

import glob
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import yaml

try:
    from jsonschema import Draft202012Validator
except ImportError:
    Draft202012Validator = None

DIRECTORY = "SYNAUTH_MATRIX_SPEC"

# A path that has one of these had, or will have, the others.
_VERSION = "(?:api/v1|r0|v1|v3|unstable|v2_alpha)"

# What is answered in the specification's way: modules have ways of their own.
_OURS = ("/_matrix/client/", "/_synapse/admin/", "/.well-known/matrix/")

# Where null stands for "not known", as it does at Synapse and as clients expect
# it, and the schema has the field left out.
_NULLS = re.compile(r"/_matrix/client/\w+/devices(/|\Z)")

Schema = Dict[str, Any]


class Operation(NamedTuple):
    """
    A method of an endpoint.

    @ivar parameters: how many there are in the path.
    @ivar pattern: matches its paths.
    @ivar schemas: of its answers, by status; C{None} for one without a body.
    """

    parameters: int
    method: str
    pattern: Any
    schemas: Dict[int, Optional[Schema]]


class Specification:
    """
    What the files say.

    @param directory: where they are; C{None} for nowhere.
    @ivar checked: how many answers were held against a schema.
    """

    def __init__(self, directory: Optional[str]) -> None:
        self.checked = 0
        self._directory = directory
        self._operations: List[Operation] = []
        self._error: Schema = {}
        self._challenge: Schema = {}
        if directory is not None and Draft202012Validator is not None:
            self._load(directory)

    def summary(self) -> str:
        """
        @return: what came of it, a line.
        """
        if self._directory is None:
            return (
                "checked no response against the specification: %s is not set"
                % DIRECTORY
            )
        if Draft202012Validator is None:
            return (
                "checked no response against the specification:"
                " jsonschema is not installed"
            )
        return "checked %d responses against the specification" % (self.checked,)

    def check(self, method: str, target: str, status: int, body: Any) -> None:
        """
        Hold an answer against the schema of its endpoint and status, or, if it
        is an error for which there is none, of the standard error.

        @param target: the path, with the query.
        @param body: what its JSON says.
        @raise AssertionError: if it does not conform.
        """
        path = target.partition("?")[0]
        if not self._operations or not path.startswith(_OURS):
            return
        if method in ("HEAD", "OPTIONS"):
            return
        found = self._find(method, path)
        schemas = found.schemas if found is not None else {}
        if status >= 400:
            allowed = [schemas.get(status) or self._error]
            if status == 401:
                # Who has no good token is told so, where others are asked for
                # more.
                allowed.append(self._error)
                # POST /account/3pid asks for it besides (docs/differences.rst).
                allowed.append(self._challenge or self._error)
        elif found is None:
            return
        elif status not in schemas:
            raise AssertionError(
                "%s %s: the specification has no status %d" % (method, path, status)
            )
        else:
            schema = schemas[status]
            if schema is None:
                return
            allowed = [schema]
        self.checked += 1
        if _NULLS.match(path):
            body = _without_nulls(body)
        problems = [_problem(schema, body) for schema in allowed]
        if all(problems):
            raise AssertionError(
                "%s %s %d: %s: %r" % (method, path, status, problems[0], body)
            )

    def _find(self, method: str, path: str) -> Optional[Operation]:
        for operation in self._operations:
            if operation.method == method and operation.pattern.match(path):
                return operation
        return None

    def _load(self, directory: str) -> None:
        files = sorted(glob.glob(os.path.join(directory, "*.yaml")))
        if not files:
            raise ValueError("There are no files of the specification: " + directory)
        for file in files:
            document = _resolved(_read(file), file, _read(file))
            base = document["servers"][0]["variables"]["basePath"]["default"]
            for path, item in document.get("paths", {}).items():
                self._add(base + path, item)
        # A path that is written out goes before one with a parameter.
        self._operations.sort(key=lambda operation: operation.parameters)
        error = os.path.join(directory, "definitions", "errors", "error.yaml")
        self._error = _resolved(_read(error), error, _read(error))
        challenge = os.path.join(directory, "definitions", "auth_response.yaml")
        if os.path.exists(challenge):
            self._challenge = _resolved(_read(challenge), challenge, _read(challenge))

    def _add(self, path: str, item: Dict[str, Any]) -> None:
        text = re.sub(
            r"^/_matrix/client/v\d+/", "/_matrix/client/@version/", re.escape(path)
        )
        text = text.replace("\\{", "{").replace("\\}", "}")
        text, parameters = re.subn(r"{\w+}", "[^/]+", text)
        pattern = re.compile(text.replace("@version", _VERSION) + r"\Z")
        for method in ("get", "put", "post", "delete"):
            if method in item:
                responses = item[method]["responses"]
                schemas = {
                    int(status): _schema_of(response)
                    for status, response in responses.items()
                }
                self._operations.append(
                    Operation(parameters, method.upper(), pattern, schemas)
                )


def _schema_of(response: Dict[str, Any]) -> Optional[Schema]:
    schema: Optional[Schema] = (
        response.get("content", {}).get("application/json", {}).get("schema")
    )
    return schema


def _without_nulls(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_nulls(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {k: _without_nulls(v) for k, v in node.items() if v is not None}


def _problem(schema: Schema, body: Any) -> Optional[str]:
    for error in Draft202012Validator(schema).iter_errors(body):
        return "%s at %s" % (error.message, "/".join(map(str, error.absolute_path)))
    return None


_files: Dict[str, Any] = {}


def _read(path: str) -> Any:
    if path not in _files:
        with open(path, encoding="utf-8") as stream:
            _files[path] = yaml.safe_load(stream)
    return _files[path]


def _resolved(node: Any, file: str, document: Any) -> Any:
    """
    @param file: where C{node} is written.
    @param document: all that is written there.
    @return: the same, with what each C{$ref} refers to in its place.
    """
    if isinstance(node, list):
        return [_resolved(each, file, document) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return _resolved(*_referred(node["$ref"], file))
    return {
        key: _resolved(value, file, document)
        for key, value in node.items()
        # Nothing in there is a schema.
        if key not in ("example", "examples")
    }


def _referred(reference: str, file: str) -> Tuple[Any, str, Any]:
    name, _, pointer = reference.partition("#")
    if name:
        file = os.path.normpath(os.path.join(os.path.dirname(file), name))
    document = _read(file)
    node = document
    for key in pointer.split("/"):
        if key:
            node = node[key]
    return node, file, document


# What all tests of one run are checked against.
SPECIFICATION = Specification(os.environ.get(DIRECTORY) or None)
