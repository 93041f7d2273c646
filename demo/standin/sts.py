"""AWS Security Token Service: AssumeRole and GetCallerIdentity.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from xml.etree import ElementTree

from demo.standin.requests import Answer, Request, xml_answer
from demo.standin.roles import ADMIN_KEY, OUR_ACCOUNT, OUR_KEY, Refused, Roles

XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"


def answer_sts(request: Request, *, roles: Roles, now: datetime) -> Answer:
    form = request.form()
    if not request.access_key:
        raise Refused(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    if request.access_key not in {OUR_KEY, ADMIN_KEY} and request.access_key not in roles.sessions:
        raise Refused(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
    if form.get("Action") == "AssumeRole":
        return _assume_role(request.access_key, form, roles, now)
    if form.get("Action") == "GetCallerIdentity":
        arn = f"arn:aws:iam::{OUR_ACCOUNT}:user/denominator"
        return _result("GetCallerIdentity", {"Arn": arn, "UserId": "DENOMINATOR", "Account": OUR_ACCOUNT})
    raise Refused(400, "InvalidAction", f"Could not find operation {form.get('Action')}")


def sts_error(refused: Refused) -> Answer:
    root = ElementTree.Element("ErrorResponse", xmlns=XMLNS)
    error = ElementTree.SubElement(root, "Error")
    for name, text in {"Type": "Sender", "Code": refused.code, "Message": refused.message}.items():
        ElementTree.SubElement(error, name).text = text
    return xml_answer(refused.status, root)


def _assume_role(caller: str, form: dict[str, str], roles: Roles, now: datetime) -> Answer:
    session = roles.assume(caller=caller, request=form, now=now)
    return _result(
        "AssumeRole",
        {
            "Credentials": {
                "AccessKeyId": session.key,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": session.ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "AssumedRoleUser": {
                "Arn": session.user,
                "AssumedRoleId": f"AROASTANDIN:{session.name}",
            },
        },
    )


def _result(action: str, content: Mapping[str, str | dict[str, str]]) -> Answer:
    root = ElementTree.Element(f"{action}Response", xmlns=XMLNS)
    _fill(ElementTree.SubElement(root, f"{action}Result"), content)
    _fill(root, {"ResponseMetadata": {"RequestId": "STANDIN"}})
    return xml_answer(200, root)


def _fill(parent: ElementTree.Element, content: Mapping[str, str | dict[str, str]]) -> None:
    for name, value in content.items():
        child = ElementTree.SubElement(parent, name)
        if isinstance(value, dict):
            _fill(child, value)
        else:
            child.text = value
