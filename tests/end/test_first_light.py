"""
A newcomer types one command, breaks a vendor with another, and the right alert reaches a real receiver.
"""

import json
import subprocess

import psutil

from tests.end.conftest import COMMAND, PATIENCE, ROOT, Running


def test_a_vendor_storm_alerts_for_that_platform_alone_with_its_runbook_and_resolves_A06(demo: Running):
    health = demo.get("/health")
    assert health["status"] in ("healthy", "degraded"), health  # no turn may have been taken yet

    spotify = "parse-success[platform=spotify]"
    demo.alerts(lambda found: spotify in found and found[spotify]["truth"] == "clear")

    said = demo.run("fault", "vendor-429-storm")
    assert spotify in said
    assert "fires by" in said

    fired = demo.message(lambda body: body.get("type") == "alert.firing" and "parse-success" in json.dumps(body))
    text = fired["body"]["text"]
    assert "P2" in text
    assert "spotify" in text
    assert "429" in text  # the runbook: vendor 429 storm
    paged = demo.message(lambda body: body.get("topic") in ("jamfind-ada", "jamfind-ben"))
    assert "spotify" in paged["text"]
    assert "Acknowledge" in [label for label, _ in paged["actions"]]
    alerts = demo.alerts(lambda found: found[spotify]["state"] == "firing")
    for other in ("apple", "deezer", "youtube"):
        assert alerts[f"parse-success[platform={other}]"]["state"] != "firing"
    incidents = demo.get("/api/v1/incidents")["incidents"]
    assert [one["severity"] for one in incidents if spotify in one["alerts"]] == ["P2"]

    said = demo.run("fault", "vendor-429-storm", "off")
    assert "resolves by" in said
    resolved = demo.message(lambda body: body.get("type") == "alert.resolved" and "parse-success" in json.dumps(body))
    assert "spotify" in resolved["body"]["text"]


def test_the_pages_and_the_objectives_answer_while_traffic_flows(demo: Running):
    objectives = demo.get("/api/v1/objectives")["objectives"]
    assert {one["name"] for one in objectives} == {"availability", "parse-success", "parse-time", "payment-errors"}
    for path in ("/", "/objectives/parse-success", "/alerts", "/incidents", "/manual", "/faults"):
        with demo.opened(path) as answer:
            assert answer.status == 200, path


def test_a_demo_that_is_ended_while_it_starts_leaves_nothing_running():
    process = subprocess.Popen([*COMMAND, "demo", "--listen", "127.0.0.1:0"], cwd=ROOT, stdout=subprocess.DEVNULL)
    children: list[psutil.Process] = []
    while not children and process.poll() is None:
        children = psutil.Process(process.pid).children()

    process.terminate()

    assert process.wait(timeout=PATIENCE) == 0
    assert not psutil.wait_procs(children, timeout=PATIENCE)[1]
