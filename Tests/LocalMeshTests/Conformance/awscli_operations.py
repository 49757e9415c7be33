"""Calls all 38 operations with the AWS CLI and judges its output and exit codes.

Usage: python awscli_operations.py ENDPOINT ACCOUNT. Exits 0 and prints `ok`, or raises. The CLI's
own entry point is called in this process, which saves a second per call.
"""

import contextlib
import io
import json
import os
import sys

os.environ.update(
    AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY="not-a-secret",
    AWS_DEFAULT_REGION="us-east-2",
    AWS_DEFAULT_OUTPUT="json",
    AWS_MAX_ATTEMPTS="1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_PAGER="",
)

import botocore  # noqa: E402
from awscli.clidriver import create_clidriver  # noqa: E402

from story import (  # noqa: E402
    RESOURCES, arn, check, list_member, member, named, plural, shown,
)

endpoint, account = sys.argv[1], sys.argv[2]
driver = create_clidriver()
called = set()


def aws(operation, parameters, expect=0):
    """Runs `aws appmesh OPERATION`; answers its parsed output, or its words on standard error."""
    called.add(operation)
    command = ["--endpoint-url", endpoint, "appmesh"]
    command.append(botocore.xform_name(operation, "-"))
    for name, value in parameters.items():
        text = value if isinstance(value, str) else json.dumps(value)
        command += ["--" + botocore.xform_name(name, "-"), text]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main(command)
    check(code == expect, f"{operation} {parameters}: exit {code}, {err.getvalue()}")
    if expect:
        return err.getvalue()
    return json.loads(out.getvalue()) if out.getvalue().strip() else {}


for kind, names, spec in RESOURCES:
    own = named(kind, names)
    tags = [{"key": "team", "value": "checkout"}]
    made = aws("Create" + kind, {**own, "spec": spec, "tags": tags})[member(kind)]
    check(made["spec"] == shown(kind, spec), f"spec of {names}: {made['spec']}")
    check(made["metadata"]["arn"] == arn(kind, names, account, "us-east-2"), "arn")
    check(aws("Describe" + kind, own)[member(kind)] == made, f"describe of {names}")
    again = aws("Create" + kind, {**own, "spec": spec}, expect=255)
    check("(ConflictException)" in again, again)

for kind, names, spec in RESOURCES:
    own = named(kind, names)
    parents = {} if kind == "Mesh" else named(kind, names[:-1])
    listed = aws("List" + plural(kind), {**parents, "pageSize": "1"})[list_member(kind)]
    check(names[-1] in [item[member(kind) + "Name"] for item in listed], f"list of {kind}")
    after = aws("Update" + kind, {**own, "spec": spec})[member(kind)]
    check(after["metadata"]["version"] == 2, f"version of {names}")
    resource = {"resourceArn": after["metadata"]["arn"]}
    aws("TagResource", {**resource, "tags": [{"key": "tier", "value": "1"}]})
    aws("UntagResource", {**resource, "tagKeys": ["team"]})
    tags = aws("ListTagsForResource", resource)["tags"]
    check(tags == [{"key": "tier", "value": "1"}], f"tags of {names}: {tags}")

blocked = aws("DeleteVirtualNode", named("VirtualNode", ["shop", "web-v1"]), expect=255)
check("(ResourceInUseException)" in blocked and "target of one or more routes" in blocked, blocked)

for kind, names, _ in reversed(RESOURCES):
    own = named(kind, names)
    last = aws("Delete" + kind, own)[member(kind)]
    check(last["status"]["status"] == "DELETED", f"status of {names}")
    gone = aws("Describe" + kind, own, expect=255)
    check("(NotFoundException)" in gone, gone)

check(len(called) == 38, f"{len(called)} operations were called")
print(f"ok {len(called)} operations")
