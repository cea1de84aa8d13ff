"""The portal with one check taken away: each `for_user` of the code, each `needs` of a view."""

import ast
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import msc

ROOT = Path(msc.__file__).parent.parent
PACKAGES = ("msc", "customers", "tenants", "serviceplans", "health")


@dataclass(frozen=True)
class Call:
    """One `rows.for_user(person)` in the code."""

    path: Path
    line: int
    column: int
    function: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} {self.function}"


def calls() -> list[Call]:
    """Return every call of `for_user` in the portal's code but those that `for_user` itself is made of."""
    return [
        call
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if not {"migrations", "demo"} & set(path.parts)
        for call in _calls_in(path)
    ]


def _calls_in(path: Path) -> Iterator[Call]:
    tree = ast.parse(path.read_text())
    for name, function in _functions(tree):
        if name.endswith("for_user"):
            continue
        for node in _own_nodes(function):
            if _is_call(node):
                yield Call(path, node.lineno, node.col_offset, name)


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "for_user"


def _functions(node: ast.AST, outside: str = "") -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            name = f"{outside}{child.name}"
            if isinstance(child, ast.FunctionDef):
                yield name, child
                yield from _functions(child, f"{name}.<locals>.")
            else:
                yield from _functions(child, f"{name}.")


def _own_nodes(function: ast.AST) -> Iterator[Any]:
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _own_nodes(child)


class _Unscope(ast.NodeTransformer):
    def __init__(self, call: Call) -> None:
        self.call = call

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if _is_call(node) and (node.lineno, node.col_offset) == (self.call.line, self.call.column):
            every = ast.Call(ast.Attribute(node.func.value, "all", ast.Load()), [], [])  # type: ignore[attr-defined]
            return ast.copy_location(ast.fix_missing_locations(ast.copy_location(every, node)), node)
        return node


@contextmanager
def without(call: Call) -> Iterator[None]:
    """Let the call return every row instead of the person's."""
    tree = ast.fix_missing_locations(_Unscope(call).visit(ast.parse(call.path.read_text())))
    code = _code_of(compile(tree, str(call.path), "exec"), call.function)
    function = _function_of(call)
    kept, function.__code__ = function.__code__, code
    try:
        yield
    finally:
        function.__code__ = kept


def _code_of(code: CodeType, name: str) -> CodeType:
    found = next((one for one in _codes(code) if one.co_qualname == name), None)
    if found is None:
        raise LookupError(name)
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _function_of(call: Call) -> FunctionType:
    module = ".".join(call.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    found: Any = importlib.import_module(module)
    for part in call.function.split("."):
        found = found.__dict__[part] if isinstance(found, type) else getattr(found, part)
    for attribute in ("func", "fget", "__func__", "__wrapped__"):
        found = getattr(found, attribute, found)
    if not isinstance(found, FunctionType):
        raise TypeError(f"{call} is no function")
    return found


class Recorder:
    """Which calls a request goes through, so that a mutant is asked only what can notice it."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()

    @contextmanager
    def recording(self) -> Iterator[set[tuple[str, str]]]:
        """Note the callers of every `for_user` from here on."""
        seen: set[tuple[str, str]] = set()

        def note(frame: Any, event: str, _: Any) -> None:
            if event == "call" and frame.f_code.co_name == "for_user":
                caller = frame.f_back
                while caller is not None and caller.f_code.co_name in ("for_user", "manager_method"):
                    caller = caller.f_back
                if caller is not None:
                    seen.add((caller.f_code.co_filename, caller.f_code.co_qualname))

        sys.setprofile(note)
        try:
            yield seen
        finally:
            sys.setprofile(None)
