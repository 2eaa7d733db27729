"""Spoils bytes and JSON trees, always the same way for the same random numbers: made for every format's fuzzer."""

import json
import re
from copy import deepcopy
from random import Random
from typing import Any

NUMBERS = (
    0, -0.0, -1, 1, 0.5, 1e-9, 1e6, 1e6 + 1, 1e12, -1e12, 1e308, 2**31, 2**63, 2**64, 10**30, -(10**30),
    float("nan"), float("inf"), float("-inf"), True, False,
    "@raw:1e400@", "@raw:-1e400@", "@raw:-0@", "@raw:" + "9" * 400 + "@", "@raw:1E5@",
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "\n", "a\tb", "\ud800", "\udfff\ud800", "\u202eevil", "é" * 300, "𝔘", "\x1b[31mred\x1b[0m", "=cmd()",
    "+1+1", "[/b]", "<script>alert(1)</script>", "../..", "${HOME}", "%s%n", "\u200b", "\ufeff", "null", "NaN",
    "x" * 100_000, "__proto__", "a,b;c\"d'",
)  # fmt: skip
ODD = (None, [], {}, [[]], [None], {"": None}, [1, 2], "text", 1, *NUMBERS[:8])
DEPTHS = (20, 300, 600, 1_200, 100_000)


def mutate_bytes(random: Random, content: bytes) -> bytes:
    """Flip, cut, insert, double or swap a stretch of bytes, one to four times."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        content = random.choice(_BYTE_WAYS)(random, content)
    return content


def _flip(random: Random, content: bytes) -> bytes:
    if not content:
        return b"\xff"
    place = random.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << random.randrange(8))]) + content[place + 1 :]


def _cut(random: Random, content: bytes) -> bytes:
    start, end = sorted(random.randrange(len(content) + 1) for _ in "ab")
    if random.random() < 0.5:  # a torn file: the end is missing
        return content[:start]
    return content[:start] + content[max(start, min(end, start + 30)) :]


def _insert(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    inserted = random.choice(
        (b"\0", b"\xff\xfe", b"\r", b",", b"]", b"}", b'"', b"{", b"[", b"\\u", b"NaN", b"-")
    )
    return content[:place] + inserted * random.choice((1, 1, 3)) + content[place:]


def _double(random: Random, content: bytes) -> bytes:
    start, end = sorted(random.randrange(len(content) + 1) for _ in "ab")
    end = min(end, start + 400)
    return content[:end] + content[start:]


def _swap(random: Random, content: bytes) -> bytes:
    one, two, three = sorted(random.randrange(len(content) + 1) for _ in "abc")
    return content[:one] + content[two:three] + content[one:two] + content[three:]


_BYTE_WAYS = (_flip, _flip, _cut, _insert, _double, _swap)


def mutate_tree(random: Random, tree: Any, times: int = 1) -> Any:
    """Spoil a JSON tree at places found by a walk from its root; the tree itself is changed where it can be."""
    for _ in range(times):
        holder = [tree]
        parent, key = walk(random, holder)
        _spoil(random, parent, key)
        tree = holder[0]
    return tree


def walk(random: Random, holder: list[Any]) -> tuple[Any, Any]:
    """Return a container and a key in it, at a random depth."""
    parent, key = holder, 0
    while True:
        child = parent[key]
        if not isinstance(child, (dict, list)) or not child or random.random() < 0.15:
            return parent, key
        parent, key = (
            child,
            random.choice(list(child)) if isinstance(child, dict) else random.randrange(len(child)),
        )


def _spoil(random: Random, parent: Any, key: Any) -> None:
    match random.randrange(10):
        case 0 | 1:
            parent[key] = deepcopy(random.choice(ODD))
        case 2 | 3:
            parent[key] = random.choice(NUMBERS)
        case 4:
            parent[key] = random.choice(TEXTS)
        case 5:
            del parent[key]
            if isinstance(parent, list) and not parent:
                parent.append(None)
        case 6 if isinstance(parent, dict):
            parent[random.choice((key.upper(), f"{key} ", f"{key}s", "", "\ud800", "x" * 3000))] = parent.pop(
                key
            )
        case 7 if isinstance(parent, dict):
            parent[f"@twice:{key}"] = random.choice((parent[key], None, [], "other"))
        case 8 if isinstance(parent, list):
            parent.insert(key, parent[key])
        case 9 if random.random() < 0.3:
            parent[key] = nest(random.choice(DEPTHS), random.choice("[{"))
        case _:
            parent[key] = [parent[key]]


def nest(depth: int, kind: str) -> str:
    """Return what `dump` writes as that many lists or objects in each other."""
    return f"@nest:{depth}:{kind}@"


def dump(random: Random, tree: Any) -> bytes:
    """Write a tree as JSON, mostly as programs do, sometimes with another encoding, mark or line ending."""
    text = json.dumps(tree, indent=random.choice((None, None, None, 2)), ensure_ascii=random.random() < 0.5)
    text = text.replace('"@twice:', '"')
    text = re.sub(r'"@escaped:(.)([^"]*)"', _escape, text)
    text = re.sub(r'"@raw:([^@]*)@"', r"\1", text)
    text = re.sub(r'"@nest:(\d+):(.)@"', _write_nest, text)
    match random.randrange(40):
        case 0:
            return text.encode("utf-8-sig", "surrogatepass")
        case 1:
            return text.encode(random.choice(("utf-16", "utf-16-le", "utf-32")), "surrogatepass")
        case 2:
            return text.encode("latin-1", "replace")
        case 3:
            return text.replace("\n", "\r\n").encode("utf-8", "surrogatepass")
        case 4:
            return text.encode("utf-8", "surrogatepass") + random.choice(
                (b"\n\n", b"\0", b" {}", b"\x1a", b"//")
            )
    return text.encode("utf-8", "surrogatepass")


def _write_nest(found: re.Match[str]) -> str:
    depth = int(found[1])
    return "[" * depth + "]" * depth if found[2] == "[" else '{"a":' * depth + "1" + "}" * depth


def _escape(found: re.Match[str]) -> str:
    return f'"\\u{ord(found[1]):04x}{found[2]}"'
