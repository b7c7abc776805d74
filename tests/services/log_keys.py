"""Which facts and details the code writes, read out of the code itself.

Follows the facts and details of every ``Event(…)`` (and of ``shell.note(…)``, which makes one) back
to the dictionaries they are made of: through names, parameters and their callers, calls, ``|`` and
``**``. What can't be followed is an error, so no key escapes by being written in a new way.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from custody.events import EventKind

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "custody", "ingest")
#: Where facts and details stand among the arguments, and what they are called.
KINDS = {"Event": (0, "kind"), "note": (1, "kind")}
PLACES = {"Event": ((2, "facts"), (3, "details")), "note": ((3, "facts"), (4, "details"))}


@dataclass(frozen=True)
class Place:
    """An expression, the function around it (None in a module), and its file."""

    expression: ast.expr
    function: ast.FunctionDef | None
    file: Path

    def at(self, expression: ast.expr) -> "Place":
        return Place(expression, self.function, self.file)


class Sources:
    """Every module of the house that can append.

    Not ``nested``: the keys of the facts and details themselves, without those of objects in them.
    """

    def __init__(self, *, nested: bool = True) -> None:
        self.nested = nested
        self.modules: dict[Path, ast.Module] = {}
        self.calls: list[tuple[str, ast.Call, Place]] = []
        self.functions: dict[str, list[Place]] = {}
        self.returns: dict[ast.FunctionDef, list[Place]] = {}
        for package in PACKAGES:
            for path in sorted((ROOT / package).rglob("*.py")):
                self.modules[path] = ast.parse(path.read_text(encoding="utf-8"))
                self._read(self.modules[path], None, path)

    def _read(self, node: ast.AST, function: ast.FunctionDef | None, path: Path) -> None:
        for child in ast.iter_child_nodes(node):
            inside = child if isinstance(child, ast.FunctionDef) else function
            if isinstance(child, ast.FunctionDef):
                self.functions.setdefault(child.name, []).append(
                    Place(ast.Constant(None), child, path)
                )
            if isinstance(child, ast.Return) and child.value is not None and function is not None:
                self.returns.setdefault(function, []).append(Place(child.value, function, path))
            if isinstance(child, ast.Call):
                name = called(child)
                self.calls.append((name, child, Place(child, function, path)))
            self._read(child, inside, path)

    def keys(self) -> set[str]:
        """Every key of facts and details; raises `AssertionError` for what can't be followed."""
        found: set[str] = set()
        for name, call, place in self.calls:
            for number, word in PLACES.get(name, ()):
                argument = argument_of(call, number, word)
                if argument is not None:
                    found |= self._keys(place.at(argument), ())
        return found

    def fields(self) -> dict[str, tuple[set[str], set[str]]]:
        """The keys of facts and of details by kind of event; raises as `keys` does."""
        found: dict[str, tuple[set[str], set[str]]] = {}
        for name, call, place in self.calls:
            if name not in PLACES:
                continue
            number, word = KINDS[name]
            kind = argument_of(call, number, word)
            if kind is None:
                continue  # another thing of that name
            for one in self._kinds(place.at(kind), ()):
                both = found.setdefault(one, (set(), set()))
                for keys, (at, called_so) in zip(both, PLACES[name], strict=True):
                    argument = argument_of(call, at, called_so)
                    if argument is not None:
                        keys.update(self._keys(place.at(argument), ()))
        return found

    def _kinds(self, place: Place, seen: tuple[ast.expr, ...]) -> set[str]:
        """The kinds of event that an expression may stand for."""
        node = place.expression
        if node in seen:
            return set()
        seen = (*seen, node)
        match node:
            case ast.Attribute(value=ast.Name(id="EventKind"), attr=name):
                return {EventKind[name].value}
            case ast.IfExp():
                parts = [node.body, node.orelse]
            case ast.Subscript(value=ast.Name(id=table)):
                parts = list(self._table(place, table).values)
            case ast.Name():
                return {
                    kind for one in self._bound(place, node.id) for kind in self._kinds(one, seen)
                }
            case _:
                raise AssertionError(f"{place.file}:{node.lineno}: what is {ast.unparse(node)}")
        return {kind for part in parts for kind in self._kinds(place.at(part), seen)}

    def _table(self, place: Place, name: str) -> ast.Dict:
        """A dictionary that a module gives a name."""
        for node in self.modules[place.file].body:
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=ast.Dict() as value) if (
                    target == name
                ):
                    return value
        raise AssertionError(f"{place.file}: no dictionary {name}")

    def _keys(self, place: Place, seen: tuple[ast.expr, ...]) -> set[str]:
        node = place.expression
        if node in seen:
            return set()
        seen = (*seen, node)
        match node:
            case ast.Dict():
                return self._of_dict(place, node, seen)
            case ast.IfExp():
                parts = [node.body, node.orelse]
            case ast.BinOp(op=ast.BitOr()):
                parts = [node.left, node.right]
            case ast.BoolOp():
                parts = list(node.values)
            case ast.DictComp(
                generators=[ast.comprehension(iter=ast.Call(func=ast.Attribute() as of))]
            ):
                parts = [of.value]  # {name: … for name, … in something.items()}
            case ast.Constant(value=None):
                parts = []
            case ast.Name():
                return {
                    key for one in self._bound(place, node.id) for key in self._keys(one, seen)
                } | self._set_later(place, node.id)
            case ast.Call() if called(node) in self.functions:
                ways = self.functions[called(node)]
                assert len(ways) == 1, f"{place.file}:{node.lineno}: two functions of this name"
                assert ways[0].function is not None
                returned = self.returns.get(ways[0].function, [])
                return {key for one in returned for key in self._keys(one, seen)}
            case _:
                raise AssertionError(
                    f"{place.file}:{node.lineno}: can't follow {ast.unparse(node)}"
                )
        return {key for part in parts for key in self._keys(place.at(part), seen)}

    def _of_dict(self, place: Place, node: ast.Dict, seen: tuple[ast.expr, ...]) -> set[str]:
        found: set[str] = set()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found |= self._keys(place.at(value), seen)
                continue
            assert isinstance(key, ast.Constant), f"{place.file}:{node.lineno}: a key that varies"
            found.add(str(key.value))
            for inner in ast.walk(value) if self.nested else ():  # lists of objects
                if isinstance(inner, ast.Dict):
                    found |= self._keys(place.at(inner), seen)
        return found

    def _bound(self, place: Place, name: str) -> Iterator[Place]:
        """What ``name`` may stand for in the function around ``place``."""
        function = place.function
        assert function is not None, f"{place.file}: {name} in no function"
        bound = False
        for node in ast.walk(function):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=target)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
                    | ast.AugAssign(target=ast.Name(id=target), value=ast.expr() as value)
                ) if target == name:
                    bound = True
                    yield place.at(value)
        parameters = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        if name in parameters:
            bound = True
            method = 1 if parameters[0] == "self" else 0
            for called_name, call, calling in self.calls:
                if called_name == function.name and called_name not in PLACES:
                    argument = argument_of(call, parameters.index(name) - method, name)
                    if argument is not None:
                        yield calling.at(argument)
        assert bound, f"{place.file}: can't follow the name {name}"

    @staticmethod
    def _set_later(place: Place, name: str) -> set[str]:
        assert place.function is not None
        return {
            str(node.targets[0].slice.value)
            for node in ast.walk(place.function)
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Subscript)
            and isinstance(node.targets[0].value, ast.Name)
            and node.targets[0].value.id == name
            and isinstance(node.targets[0].slice, ast.Constant)
        }


def called(call: ast.Call) -> str:
    """The last part of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def argument_of(call: ast.Call, number: int, word: str) -> ast.expr | None:
    """One argument of a call, by place or by name."""
    named = [one.value for one in call.keywords if one.arg == word]
    if named:
        return named[0]
    return call.args[number] if 0 <= number < len(call.args) else None
