"""What somebody tried who wanted to be more than they are; each of these opened a door once, or nearly."""

from pathlib import Path

from tests.web.house import House
from tests.web.security.walking import addresses
from tests.web.signing import signed_in
from watchkeeper.web.permissions import PERMISSIONS

NEEDS = {(door.method, door.path): door.need for door in PERMISSIONS}
ABOVE = ("manage", "admin", "respond", "ingest")


def test_a_line_feed_behind_an_address_opens_no_door(house: House, tmp_path: Path):
    """`$` of a regular expression stands before it, so the routes took `/audit%0A` for `/audit`."""
    with house.stranger() as viewer:
        viewer.follow_redirects = False
        signed_in(viewer, house.watch, "vi", role="viewer")
        tried = [one for one in addresses(tmp_path) if NEEDS.get((one.method, one.route)) in ABOVE]
        for address in tried:
            for behind in ("%0A", "%0D", "%0A%0A", "%00"):
                answer = viewer.request(address.method, address.path + behind, json={})
                assert answer.status_code in (403, 404, 405), (str(address), behind, answer.status_code)
    assert len(tried) > 60
