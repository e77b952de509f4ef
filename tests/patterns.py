"""Every regular expression of the program, found in its syntax trees, and texts made to slow each of them down."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parse  # type: ignore[import-not-found]
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from tests.test_architecture import modules, name, parsed

ROOMS = ("bot", "nlu", "knowledge", "integrations", "web")
# evals reads our own files only
METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "split", "subn")
MOST_LETTERS = 5
# of a pattern's own, in runs and pairs
MANY = 8
# repetitions from which on a stretch can be pumped


@dataclass(frozen=True)
class Found:
    """One pattern and how it is used."""

    place: str
    # "nlu/text.py:23"
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]

    def run(self, text: str) -> None:
        """Use it on a text as the program does."""
        said: Any = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        for method in self.methods:
            if method in ("match", "fullmatch", "search"):
                getattr(self.pattern, method)(said)
            else:
                for _ in self.pattern.finditer(said):
                    pass


def collected(loaders: Mapping[str, Callable[[], object]]) -> tuple[list[Found], list[str]]:
    """Every pattern; and the places whose pattern is made of what only runs: a loader of that file must give it."""
    found, unknown = [], []
    for path in itertools.chain.from_iterable(map(modules, ROOMS)):
        if "rasa" in path.parts:
            continue
        tree, file = parsed(path), name(path)
        made = [node for node in ast.walk(tree) if _makes_pattern(node)]
        missed = []
        for call in made:
            try:
                found.append(_found(tree, file, call))
            except NameError:
                missed.append(f"{file}:{call.lineno}")
        if missed and file in loaders:
            seen = _within(loaders[file](), set())
            found += [Found(f"{file} ({pattern.pattern[:30]!r})", pattern, ("finditer",)) for pattern in seen]
        elif missed:
            unknown += missed
    return list({(item.pattern, item.methods): item for item in found}.values()), unknown


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str]]:
    """Beginning and pumped part of texts that make a search go back and forth."""
    said = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = sre_parse.parse(said, pattern.flags & ~re.DEBUG)
    letters = list(dict.fromkeys(_letters(tree)))[:MOST_LETTERS]
    yield from (("", letter) for letter in letters)
    yield from (("", "".join(pair)) for pair in itertools.permutations(letters, 2))
    whole = _sample(tree)
    yield "", whole
    for before, body in _pumps(tree, ""):
        yield before, body
        yield "", before + body


def _makes_pattern(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    is_re = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "re"
    return is_re and called.attr in (*METHODS, "compile")  # type: ignore[union-attr]


def _found(tree: ast.AST, file: str, call: Any) -> Found:
    """Evaluated in its module: constants and what the module names. Raises NameError for what only runs."""
    module = importlib.import_module(file.removesuffix(".py").replace("/__init__", "").replace("/", "."))
    flags = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    flags += call.args[1:2] if call.func.attr == "compile" else []
    values = [eval(ast.unparse(part), dict(vars(module))) for part in (call.args[0], *flags)]
    methods = (call.func.attr,) if call.func.attr != "compile" else _methods(tree, call)
    return Found(f"{file}:{call.lineno}", re.compile(*values), methods)


def _methods(tree: ast.AST, call: ast.Call) -> tuple[str, ...]:
    """What is done with the name that a compiled pattern is given; searching when that cannot be seen."""
    named = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and node.value is call
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in named
    }
    return tuple(sorted(used & set(METHODS))) or ("finditer",)


def _within(thing: object, seen: set[int]) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value of ours."""
    if isinstance(thing, re.Pattern):
        yield thing
        return
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | None):
        return
    seen.add(id(thing))
    inside: Iterable[object] = ()
    if isinstance(thing, Mapping):
        inside = [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        inside = thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        inside = [getattr(thing, field.name) for field in fields(thing)]
    for item in inside:
        yield from _within(item, seen)


def _letters(tree: Iterable[Any]) -> Iterator[str]:
    """One character for each set of characters in a pattern."""
    for operator, value in tree:
        if operator in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
            yield _character(operator, value)
        else:
            for part in _parts(value):
                yield from _letters(part)


def _parts(value: Any) -> Iterator[Any]:
    """The patterns inside a node's value."""
    if isinstance(value, sre_parse.SubPattern):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _parts(item)


def _pumps(tree: Iterable[Any], before: str) -> Iterator[tuple[str, str]]:
    """Each stretch that may be repeated often, and a text that leads to it."""
    for operator, value in tree:
        if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT) and value[1] >= MANY:
            yield before, _sample(value[2])
        for part in _parts(value):
            yield from _pumps(part, before)
        before += _sample([(operator, value)])


def _sample(tree: Iterable[Any]) -> str:
    """A short text that the pattern takes, look-arounds left aside."""
    said = ""
    for operator, value in tree:
        if operator in (sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY):
            said += _character(operator, value)
        elif operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            said += _sample(value[2]) * max(1, value[0]) if value[1] else ""
        elif operator is sre.SUBPATTERN:
            said += _sample(value[3])
        elif operator is sre.BRANCH:
            said += _sample(value[1][0])
    return said


def _character(operator: Any, value: Any) -> str:
    if operator is sre.LITERAL:
        return chr(value)
    if operator is sre.ANY:
        return "a"
    if operator is sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if value[0][0] is sre.NEGATE:
        taken = re.compile("a")
        return next((letter for letter in "a1 -.é" if not _in(value[1:], letter)), taken.pattern)
    kind, said = value[0]
    if kind is sre.LITERAL:
        return chr(said)
    if kind is sre.RANGE:
        return chr(said[0])
    return {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "a"}.get(said, "-")


def _in(items: Iterable[Any], letter: str) -> bool:
    for kind, said in items:
        if kind is sre.LITERAL and chr(said) == letter or kind is sre.RANGE and said[0] <= ord(letter) <= said[1]:
            return True
        if kind is sre.CATEGORY and said is sre.CATEGORY_SPACE and letter.isspace():
            return True
        if kind is sre.CATEGORY and said is sre.CATEGORY_WORD and (letter.isalnum() or letter == "_"):
            return True
        if kind is sre.CATEGORY and said is sre.CATEGORY_DIGIT and letter.isdigit():
            return True
    return False
