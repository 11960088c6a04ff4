"""
Does a page that stands at a reload finish by the policy with which it began?
"""

from __future__ import annotations

from dataclasses import replace

from tests.act.paging.scene import Scene
from watchkeeper.manual.load import Loaded, load_files
from watchkeeper.store import revisions
from watchkeeper.store.revisions import RevisionRow

BEFORE = """
watchkeeper: 1
manual: Shop
channels: {push: {kind: slack, address_env: HOOK}}
people: {ada: {channels: push}, bo: {channels: push}, cy: {channels: push}}
schedules: {team: {rotation: {every: 1w, people: [bo]}}}
policies: {night: {steps: [{person: ada}, {schedule: team, after: 5m}, {person: cy, after: 10m}], repeat: 0}}
"""


def a_scene() -> Scene:
    scene = Scene(manual_of(BEFORE))
    reload(scene, BEFORE)
    return scene


def manual_of(text: str):
    found = load_files({"manual.yaml": text})
    assert isinstance(found, Loaded), str(found)
    return found.manual


def reload(scene: Scene, text: str) -> None:
    with scene.state.transaction() as tx:
        row = RevisionRow(loaded_at_ns=scene.clock.now_ns(), hash=text, source={"manual.yaml": text})
        revision = revisions.add(tx, row)
    scene.standing = replace(scene.standing, manual=manual_of(text), revision=revision)


def test_a_page_whose_policy_has_gone_finishes_by_it():
    scene = a_scene()
    scene.page()
    scene.run(1)
    reload(scene, BEFORE.partition("policies:")[0])
    scene.run(20)
    assert scene.said() == ["0 ada push paged", "5 bo push escalated", "15 cy push escalated"]


def test_a_page_whose_policy_was_changed_finishes_as_it_was_and_a_new_one_goes_by_the_new_one():
    scene = a_scene()
    scene.page()
    scene.run(1)
    reload(scene, BEFORE.replace("{person: ada}, {schedule: team, after: 5m}", "{person: cy}"))
    scene.page("orders", revision=scene.standing.revision)
    scene.run(16)
    assert [(at, row.person) for at, row in scene.sent if row.transition_id == 1] == [(0, "ada"), (5, "bo"), (15, "cy")]
    assert [(at, row.person) for at, row in scene.sent if row.transition_id == 2] == [(1, "cy"), (11, "cy")]


def test_whom_the_manual_no_longer_has_is_skipped_with_the_reason():
    scene = a_scene()
    number = scene.page()
    scene.run(1)
    left = BEFORE.partition("schedules:")[0].replace(", cy: {channels: push}", "")
    reload(scene, left)
    scene.run(20)
    assert scene.said() == ["0 ada push paged"]
    assert [line.partition(":")[0] for line in scene.refused(number)] == [
        " nobody-on-call",
        "cy unreachable",
        " exhausted",
    ]


def test_a_revision_that_is_not_there_or_cannot_be_read_leaves_everyone():
    scene = a_scene()
    scene.page(revision=99)
    scene.standing = replace(scene.standing, revision=7, manual=manual_of(BEFORE.partition("policies:")[0]))
    scene.work()
    assert sorted(row.person for _, row in scene.sent) == ["ada", "bo", "cy"]
