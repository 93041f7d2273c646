"""A small, strict stand-in of Amazon S3 and STS on loopback, for the demo and the tests.

It exists because the usual mocks let AssumeRole succeed with a wrong external ID, or with none, and take no
notice of a wrong region: they can prove nothing about trust. Here a role is assumed only as its trust policy
says, temporary credentials may do only what the role *and* the session policy allow, a bucket answers only
to requests signed for its region, and an object only to who may use its KMS key, unless it is archived or
another account's. What it does not check: signatures (an access key is believed) and
anything of S3 that Denominator does not use.

`StandIn` runs it in a thread of this process, `python -m demo.standin` as a process over a folder.
"""

from demo.standin.faults import Fault, Hold
from demo.standin.roles import ADMIN_KEY, OUR_KEY, Role
from demo.standin.server import StandIn

__all__ = ["ADMIN_KEY", "OUR_KEY", "Fault", "Hold", "Role", "StandIn"]
