"""Records what botocore sends for each of the 38 operations of App Mesh, nothing leaves the machine.

Run with a Python that has botocore: python record.py > requests.jsonl
"""

import json
from urllib.parse import parse_qsl, urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse

KINDS = ["Mesh", "VirtualNode", "VirtualRouter", "Route", "VirtualService", "VirtualGateway",
         "GatewayRoute"]
PARENT = {"Route": "virtualRouterName", "GatewayRoute": "virtualGatewayName"}
ARN = "arn:aws:appmesh:eu-west-1:111122223333:mesh/shop/virtualNode/web"
TAGS = [{"key": "owner", "value": "shop"}, {"key": "revision", "value": "1"}]
SPEC = {
    "Mesh": {"egressFilter": {"type": "DROP_ALL"}},
    "VirtualNode": {"listeners": [{"portMapping": {"port": 8080, "protocol": "http"}}]},
    "VirtualRouter": {"listeners": [{"portMapping": {"port": 8080, "protocol": "http"}}]},
    "Route": {"tcpRoute": {"action": {"weightedTargets": [
        {"virtualNode": "web", "weight": 0}]}}},
    "VirtualService": {},
    "VirtualGateway": {"listeners": [{"portMapping": {"port": 80, "protocol": "http"}}]},
    "GatewayRoute": {"httpRoute": {"match": {"prefix": "/"}, "action": {"target": {
        "virtualService": {"virtualServiceName": "web.local"}}}}},
}


def lower(name):
    return name[0].lower() + name[1:]


def snake(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


def calls():
    for kind in KINDS:
        own = "shop" if kind == "Mesh" else "a/b é.local"
        address = {"meshName": "shop"}
        if kind in PARENT:
            address[PARENT[kind]] = "front~1"
        named = {**address, lower(kind) + "Name": own}
        owner = {} if kind == "Mesh" else {"meshOwner": "111122223333"}
        page = {"limit": 2, "nextToken": "a+b/=&"}
        write = {"clientToken": "pl-1", "spec": SPEC[kind]}
        yield "Create" + kind, {**named, **owner, **write, "tags": TAGS}
        yield "Describe" + kind, {**named, "meshOwner": "111122223333"}
        if kind == "Mesh":
            yield "ListMeshes", page
        else:
            yield "List" + kind + "s", {**address, **owner, **page}
        yield "Update" + kind, {**named, **owner, **write}
        yield "Delete" + kind, {**named, **owner}
    yield "TagResource", {"resourceArn": ARN, "tags": TAGS}
    yield "UntagResource", {"resourceArn": ARN, "tagKeys": ["owner", "revision"]}
    yield "ListTagsForResource", {"resourceArn": ARN, "limit": 2, "nextToken": "a+b/=&"}


def main():
    session = botocore.session.get_session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    client = session.create_client(
        "appmesh", region_name="eu-west-1", endpoint_url="http://127.0.0.1:1")
    sent = []

    class Raw:
        def stream(self, *_, **__):
            yield b"{}"

    def answer(request, **_):
        sent.append(request)
        return AWSResponse(request.url, 200, {}, Raw())

    client.meta.events.register("before-send", answer)
    for operation, arguments in calls():
        getattr(client, snake(operation))(**arguments)
        request = sent.pop()
        url = urlsplit(request.url)
        record = {
            "operation": operation,
            "method": request.method,
            "path": url.path,
            "query": sorted(parse_qsl(url.query)),
            "body": json.loads(request.body) if request.body else None,
        }
        print(json.dumps(record, sort_keys=True, ensure_ascii=False))


main()
