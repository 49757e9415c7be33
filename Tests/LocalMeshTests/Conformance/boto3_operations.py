"""Calls all 38 operations with boto3 and judges what it parsed.

Usage: python boto3_operations.py ENDPOINT ACCOUNT. Exits 0 and prints `ok`, or raises.
"""

import datetime
import json
import sys

import boto3
import botocore.config
import botocore.exceptions

from story import (
    GATEWAY, MESH, NODE, RESOURCES, ROUTE, ROUTER, arn, check, list_member, member, named, plural,
    shown,
)

REGION = "eu-west-1"
endpoint, account = sys.argv[1], sys.argv[2]
client = boto3.client(
    "appmesh",
    endpoint_url=endpoint,
    region_name=REGION,
    aws_access_key_id="AKIDEXAMPLE",
    aws_secret_access_key="not-a-secret",
    config=botocore.config.Config(retries={"max_attempts": 1}),
)
called = set()


def judge(http_response, parsed, model, **_):
    """Every answer: the type, the id, nothing that the model lacks, everything it requires."""
    called.add(model.name)
    check(http_response.headers["Content-Type"] == "application/json", "content type")
    check(len(http_response.headers["x-amzn-RequestId"]) == 36, "request id")
    if http_response.status_code != 200:
        return
    raw = json.loads(http_response.content)
    shape = model.output_shape
    payload = shape.serialization.get("payload") if shape else None
    compare(raw, shape.members[payload] if payload else shape, model.name)


def compare(value, shape, where):
    if shape.type_name == "structure":
        for name in value:
            check(name in shape.members, f"{where}.{name} is not in the API model")
            compare(value[name], shape.members[name], f"{where}.{name}")
        for name in shape.required_members:
            check(name in value, f"{where}.{name} is missing")
    elif shape.type_name == "list":
        check(isinstance(value, list), f"{where} is no list")
        for item in value:
            compare(item, shape.member, f"{where}[]")
    elif shape.type_name == "timestamp":
        check(isinstance(value, (int, float)), f"{where} is {value!r}, no epoch number")
    elif shape.type_name in ("integer", "long"):
        check(type(value) is int, f"{where} is {value!r}, no integer")
    elif shape.type_name == "boolean":
        check(type(value) is bool, f"{where} is {value!r}, no boolean")
    else:
        check(isinstance(value, str), f"{where} is {value!r}, no string")


client.meta.events.register("after-call.app-mesh", judge)


def call(operation, **parameters):
    method = botocore.xform_name(operation)
    return getattr(client, method)(**parameters)


def refused(error, status, text, operation, **parameters):
    """The call fails with this class of `client.exceptions`, status and words."""
    try:
        call(operation, **parameters)
    except getattr(client.exceptions, error) as refusal:
        code = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
        check(code == status, f"{operation}: status {code}, not {status}")
        message = refusal.response["Error"]["Message"]
        check(text in message, f"{operation}: '{text}' is not in '{message}'")
        return
    raise AssertionError(f"{operation} {parameters} was not refused")


def build():
    uids = set()
    for kind, names, spec in RESOURCES:
        tags = [{"key": "team", "value": "checkout"}]
        made = call("Create" + kind, **named(kind, names), spec=spec, tags=tags)[member(kind)]
        meta = made["metadata"]
        check(made["spec"] == shown(kind, spec), f"spec of {names}: {made['spec']}")
        check(made["status"]["status"] == "ACTIVE", f"status of {names}")
        check(meta["version"] == 1, f"version of {names}")
        check(meta["arn"] == arn(kind, names, account, REGION), f"arn {meta['arn']}")
        check(meta["meshOwner"] == meta["resourceOwner"] == account, f"owners of {names}")
        check(isinstance(meta["createdAt"], datetime.datetime), "createdAt is no time")
        age = datetime.datetime.now(datetime.timezone.utc) - meta["createdAt"]
        check(abs(age.total_seconds()) < 600, f"createdAt is {age} ago")
        uids.add(meta["uid"])
        described = call("Describe" + kind, **named(kind, names))[member(kind)]
        check(described == made, f"describe of {names} differs from its creation")
    check(len(uids) == len(RESOURCES), "uids are not unique")


def read():
    for kind, names, _ in RESOURCES:
        parents = {} if kind == "Mesh" else named(kind, names[:-1])
        pages = client.get_paginator(botocore.xform_name("List" + plural(kind)))
        items = list(pages.paginate(**parents, PaginationConfig={"PageSize": 1}))
        found = [item for page in items for item in page[list_member(kind)]]
        mine = [item for item in found if item["arn"] == arn(kind, names, account, REGION)]
        check(len(mine) == 1, f"list of {kind} shows {names} {len(mine)} times")
        check("spec" not in mine[0], "a list item has a spec")
        check(mine[0]["version"] == 1, "a list item has no version")
    page = client.list_virtual_nodes(**MESH, limit=1)
    check(len(page["virtualNodes"]) == 1 and page["nextToken"], "a page of one of two nodes")
    refused("BadRequestException", 400, "nextToken", "ListVirtualNodes", **MESH, nextToken="x")
    other = {"nextToken": page["nextToken"]}
    refused("BadRequestException", 400, "nextToken", "ListVirtualRouters", **MESH, **other)


def change():
    for kind, names, spec in RESOURCES:
        # A new version each time, the whole spec replaced, tags and uid kept.
        for version in (2, 3):
            changed = call("Update" + kind, **named(kind, names), spec=spec)[member(kind)]
            check(changed["metadata"]["version"] == version, f"version of {names} on update")
    bare = {"serviceDiscovery": NODE["serviceDiscovery"], "listeners": NODE["listeners"]}
    node = named("VirtualNode", ["shop", "web-v1"])
    after = client.update_virtual_node(**node, spec=bare)["virtualNode"]
    check(after["spec"]["backends"] == [], "an update keeps what it leaves out")


def tag():
    for kind, names, _ in RESOURCES:
        resource = {"resourceArn": arn(kind, names, account, REGION)}
        call("TagResource", **resource, tags=[{"key": "team", "value": "pay"}])
        call("TagResource", **resource, tags=[{"key": "tier", "value": ""}])
        pages = client.get_paginator("list_tags_for_resource").paginate(
            **resource, PaginationConfig={"PageSize": 1}
        )
        tags = {tag["key"]: tag["value"] for page in pages for tag in page["tags"]}
        check(tags == {"team": "pay", "tier": ""}, f"tags of {names}: {tags}")
        call("UntagResource", **resource, tagKeys=["team", "never-there"])
        tags = call("ListTagsForResource", **resource)["tags"]
        check(tags == [{"key": "tier", "value": ""}], f"tags left on {names}: {tags}")
    mesh = {"resourceArn": arn("Mesh", ["shop"], account, REGION)}
    many = [{"key": f"k{number}", "value": "v"} for number in range(50)]
    refused("TooManyTagsException", 400, "50", "TagResource", **mesh, tags=many)
    ghost = {"resourceArn": arn("Mesh", ["ghost"], account, REGION)}
    refused("NotFoundException", 404, "ghost", "ListTagsForResource", **ghost)
    refused("BadRequestException", 400, "ARN", "ListTagsForResource", resourceArn="arn:x")


def refuse():
    conflict = ("ConflictException", 409)
    for kind, names, spec in RESOURCES:
        refused(*conflict, "exists", "Create" + kind, **named(kind, names), spec=spec)
        ghost = named(kind, names[:-1] + ["ghost"])
        refused("NotFoundException", 404, "ghost", "Describe" + kind, **ghost)
        refused("NotFoundException", 404, "ghost", "Delete" + kind, **ghost)
    for kind, names, _ in RESOURCES[1:]:
        away = named(kind, ["ghost"] + names[1:])
        refused("NotFoundException", 404, "Mesh with name ghost", "Describe" + kind, **away)
    bad = {"virtualNodeName": "a.b", "spec": NODE}
    refused("BadRequestException", 400, "must match", "CreateVirtualNode", **MESH, **bad)
    route = named("Route", ["shop", "web", "main"])
    ghost = json.loads(json.dumps(ROUTE).replace("web-v2", "ghost"))
    text = "VirtualNode with name ghost is missing"
    refused("NotFoundException", 404, text, "UpdateRoute", **route, spec=ghost)
    heavy = json.loads(json.dumps(ROUTE).replace('"weight": 0', '"weight": 1'))
    refused("BadRequestException", 400, "101", "UpdateRoute", **route, spec=heavy)
    stranger = {"meshOwner": "999999999999"}
    refused("ForbiddenException", 403, "not shared", "DescribeMesh", **MESH, **stranger)
    client.describe_mesh(**MESH, meshOwner=account)


def block():
    """Nothing goes that something else needs."""
    in_use = ("ResourceInUseException", 409)
    node = named("VirtualNode", ["shop", "web-v1"])
    refused(*in_use, "target of one or more routes", "DeleteVirtualNode", **node)
    router = named("VirtualRouter", ["shop", "web"])
    refused(*in_use, "routes", "DeleteVirtualRouter", **router)
    service = named("VirtualService", ["shop", "web.shop.local"])
    refused(*in_use, "GATEWAY_ROUTE: [all]", "DeleteVirtualService", **service)
    gateway = named("VirtualGateway", ["shop", "edge"])
    refused(*in_use, "gateway routes", "DeleteVirtualGateway", **gateway)
    refused(*in_use, "has active VirtualNodes", "DeleteMesh", **MESH)
    two = {"listeners": ROUTER["listeners"] + [{"portMapping": {"port": 9, "protocol": "http"}}]}
    text = "must define a port match"
    refused("BadRequestException", 400, text, "UpdateVirtualRouter", **router, spec=two)
    http2 = {"listeners": [{"portMapping": {"port": 8080, "protocol": "http2"}}]}
    refused("BadRequestException", 400, "http", "UpdateVirtualRouter", **router, spec=http2)


def remember():
    """A token gets its first answer again, and refuses another request."""
    request = {**MESH, "virtualGatewayName": "second", "spec": GATEWAY, "clientToken": "pl-1"}
    first = client.create_virtual_gateway(**request)["virtualGateway"]
    check(client.create_virtual_gateway(**request)["virtualGateway"] == first, "replay differs")
    request["virtualGatewayName"] = "third"
    refused("ConflictException", 409, "client token", "CreateVirtualGateway", **request)
    client.create_virtual_gateway(**{**request, "clientToken": "pl-2"})
    request = {**request, "virtualGatewayName": "fourth", "clientToken": "pl-3"}
    text = "VirtualGateways(3)"
    refused("LimitExceededException", 400, text, "CreateVirtualGateway", **request)
    for name in ("second", "third"):
        client.delete_virtual_gateway(**MESH, virtualGatewayName=name)


def take_down():
    for kind, names, _ in reversed(RESOURCES):
        before = call("Describe" + kind, **named(kind, names))[member(kind)]
        last = call("Delete" + kind, **named(kind, names))[member(kind)]
        check(last["status"]["status"] == "DELETED", f"status of {names} on delete")
        version = before["metadata"]["version"] + 1
        check(last["metadata"]["version"] == version, f"version of {names} on delete")
        refused("NotFoundException", 404, names[-1], "Describe" + kind, **named(kind, names))
    check(client.list_meshes()["meshes"] == [], "meshes are left")


for act in (build, read, change, tag, refuse, block, remember, take_down):
    act()
missing = set(client.meta.service_model.operation_names) - called
check(not missing, f"operations never called: {sorted(missing)}")
print(f"ok {len(called)} operations")
