"""Backend and ZZIK: a failed check (D13), error rates (E21), certificates (E25), patches (E26), duplicates (E02)."""

from tests.stories.scenes import about, story
from watchkeeper.decide.objectives import Standing
from watchkeeper.decide.values import State


def test_d13_the_first_failed_check_counts():
    told = story("backend").check("health", ok=True).run(seconds=30).check("health", ok=False)
    assert about(told, "health") == ["11:30 urgent firing health"]


def test_e21_an_error_rate_above_five_percent_must_last_for_five_minutes():
    told = story("zzik").traffic(requests={"route": "/", "status": 200, "duration": 0.1}, per_minute=60).at("12:00")
    told.traffic(requests={"route": "/", "status": 500, "duration": 0.1}, per_minute=20, minutes=12).at("12:05")
    assert told.alert("high-error-rate").state is State.PENDING

    told.at("12:30")

    first, over = (line for line in told.pagers["zzik-alerts"].lines if "error" in line)
    assert first == "12:06 P1 firing high-error-rate"  # above 5 % after 50 s, and so for five minutes
    assert over[6:] == "P1 resolved high-error-rate"
    assert told.incidents[0].severity == "P1"


def test_e25_a_certificate_that_ends_within_thirty_days_is_told_a_month_before():
    day = 86_400.0
    told = story("zzik", tick_seconds=900).check("certificate", ok=True, certificate_left=30.5 * day).run(hours=6)
    assert told.alert("certificate-expiry").state is State.INACTIVE
    told.run(hours=7)  # nobody needs to ask again to know that time passes
    assert about(told, "certificate-expiry") == ["23:45 P3 firing certificate-expiry"]  # at 23:30 thirty days are left


def test_e26_three_patches_between_two_turns_are_one_message_that_counts_them():
    told = story("zzik").run(minutes=1)
    told.traffic(users={"name": "dependency-patch", "user": "bot"}, per_minute=6, minutes=0.5).run(minutes=5)
    assert about(told, "dependency-updates") == ["11:31 P3 event dependency-updates"]
    assert told.letters[-1].data["numbers"]["events"] == 3


def test_e02_the_first_duplicate_breaks_a_target_of_zero():
    told = story("zzik").traffic(ingested={"outcome": "ok", "duplicate": False}, per_minute=100).run(minutes=5)
    assert told.objective("duplicates").standing is Standing.MET
    told.event("ingest", outcome="ok", duplicate=True)
    assert told.objective("duplicates").standing is Standing.BREACHED
