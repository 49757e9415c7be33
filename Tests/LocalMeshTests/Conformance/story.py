"""The requests of the conformance runs: one mesh, built, read, changed, tagged and taken down.

Shared by the boto3 run and the AWS CLI run, so that both clients judge the same story. A step is
an operation of the API, its parameters, and what its answer must say.
"""

MESH = {"meshName": "shop"}
NODE = {
    "serviceDiscovery": {"dns": {"hostname": "web.shop.svc.cluster.local"}},
    "listeners": [
        {
            "portMapping": {"port": 8080, "protocol": "http"},
            "healthCheck": {
                "protocol": "http",
                "path": "/ping",
                "healthyThreshold": 2,
                "unhealthyThreshold": 3,
                "intervalMillis": 5000,
                "timeoutMillis": 2000,
            },
        }
    ],
    "backends": [{"virtualService": {"virtualServiceName": "not-there-yet.shop.local"}}],
}
ROUTER = {"listeners": [{"portMapping": {"port": 8080, "protocol": "http"}}]}
ROUTE = {
    "httpRoute": {
        "match": {"prefix": "/"},
        "action": {
            "weightedTargets": [
                {"virtualNode": "web-v1", "weight": 100},
                {"virtualNode": "web-v2", "weight": 0},
            ]
        },
        "retryPolicy": {
            "maxRetries": 2,
            "perRetryTimeout": {"unit": "s", "value": 2},
            "httpRetryEvents": ["server-error"],
        },
    },
    "priority": 0,
}
SERVICE = {"provider": {"virtualRouter": {"virtualRouterName": "web"}}}
GATEWAY = {"listeners": [{"portMapping": {"port": 8088, "protocol": "http"}}]}
GATEWAY_ROUTE = {
    "httpRoute": {
        "match": {"prefix": "/"},
        "action": {"target": {"virtualService": {"virtualServiceName": "web.shop.local"}}},
    }
}

# Name members of each kind, from the container down to the resource itself.
NAMES = {
    "Mesh": ["meshName"],
    "VirtualNode": ["meshName", "virtualNodeName"],
    "VirtualRouter": ["meshName", "virtualRouterName"],
    "Route": ["meshName", "virtualRouterName", "routeName"],
    "VirtualService": ["meshName", "virtualServiceName"],
    "VirtualGateway": ["meshName", "virtualGatewayName"],
    "GatewayRoute": ["meshName", "virtualGatewayName", "gatewayRouteName"],
}

# In the order in which they can be created; the reverse is the order in which they can go.
RESOURCES = [
    ("Mesh", ["shop"], {"egressFilter": {"type": "ALLOW_ALL"}}),
    ("VirtualNode", ["shop", "web-v1"], NODE),
    ("VirtualNode", ["shop", "web-v2"], NODE),
    ("VirtualRouter", ["shop", "web"], ROUTER),
    ("Route", ["shop", "web", "main"], ROUTE),
    ("VirtualService", ["shop", "web.shop.local"], SERVICE),
    ("VirtualGateway", ["shop", "edge"], GATEWAY),
    ("GatewayRoute", ["shop", "edge", "all"], GATEWAY_ROUTE),
]


def named(kind, names):
    """The name parameters of a resource."""
    return dict(zip(NAMES[kind], names))


def plural(kind):
    return "Meshes" if kind == "Mesh" else kind + "s"


def member(kind):
    """The member that wraps a resource in an answer of the clients: virtualNode."""
    return kind[0].lower() + kind[1:]


def list_member(kind):
    return "meshes" if kind == "Mesh" else member(kind) + "s"


def arn(kind, names, account, region):
    """The ARN as app-mesh writes it."""
    tail = "mesh/" + names[0]
    if kind in ("Route", "GatewayRoute"):
        parent = "virtualRouter" if kind == "Route" else "virtualGateway"
        tail += f"/{parent}/{names[1]}"
    if kind != "Mesh":
        tail += f"/{member(kind)}/{names[-1]}"
    return f"arn:aws:appmesh:{region}:{account}:{tail}"


def shown(kind, spec):
    """What a Describe says after a spec was sent: only the few defaults are added."""
    import copy

    spec = copy.deepcopy(spec)
    if kind == "VirtualNode":
        spec.setdefault("backends", [])
        for listener in spec.get("listeners", []):
            if "healthCheck" in listener:
                listener["healthCheck"].setdefault("port", listener["portMapping"]["port"])
    return spec


def check(condition, text):
    if not condition:
        raise AssertionError(text)
