#!/usr/bin/env python3
"""Write api.json: what the schema's test needs of the App Mesh API model, without its prose.

    extract.py service-2.json > api.json

The model is botocore's data/appmesh/2019-01-25/service-2.json (unpacked from .gz). Kept are the
shapes that the seven specs reach, with required, union, enum, range, length, pattern and list
bounds, and of the 38 operations their method, path, members and errors. One entry a line, sorted,
so that a change of the model is a readable diff.
"""

import json
import sys

KINDS = [
    "Mesh", "VirtualNode", "VirtualRouter", "Route", "VirtualService", "VirtualGateway",
    "GatewayRoute",
]
CONSTRAINTS = ["type", "required", "union", "enum", "min", "max", "pattern"]


def shape_entry(shape):
    entry = {key: shape[key] for key in CONSTRAINTS if key in shape}
    if "members" in shape:
        entry["members"] = {name: m["shape"] for name, m in shape["members"].items()}
    if "member" in shape:
        entry["member"] = shape["member"]["shape"]
    return entry


def reach(shapes, name, found):
    if name in found:
        return
    entry = found[name] = shape_entry(shapes[name])
    for target in entry.get("members", {}).values():
        reach(shapes, target, found)
    if "member" in entry:
        reach(shapes, entry["member"], found)


def operation_entry(shapes, operation):
    given = shapes[operation["input"]["shape"]]
    answer = shapes[operation["output"]["shape"]]
    members = {}
    for name, member in given["members"].items():
        members[name] = {
            "in": {"uri": "path", "querystring": "query"}.get(member.get("location"), "body"),
            "required": name in given.get("required", []),
            "token": member.get("idempotencyToken", False),
        }
        assert member.get("locationName", name) == name
    return {
        "method": operation["http"]["method"],
        "path": operation["http"]["requestUri"],
        "members": members,
        "lists": [n for n, m in answer["members"].items() if shapes[m["shape"]]["type"] == "list"],
        "errors": sorted(error["shape"] for error in operation["errors"]),
    }


def dump_lines(entries):
    lines = [
        f"{json.dumps(name)}: {json.dumps(entry, sort_keys=True)}"
        for name, entry in sorted(entries.items())
    ]
    return "{\n" + ",\n".join(lines) + "\n}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        model = json.load(file)
    shapes = model["shapes"]
    found = {}
    for kind in KINDS:
        reach(shapes, kind + "Spec", found)
    operations = {
        name: operation_entry(shapes, operation)
        for name, operation in model["operations"].items()
    }
    print(f'{{"shapes": {dump_lines(found)},\n"operations": {dump_lines(operations)}}}')


main()
