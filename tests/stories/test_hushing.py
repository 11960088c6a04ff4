"""What keeps an alert quiet, and that it speaks when that is over."""

from tests.stories.duty import at_noon, cold, fine, full, shop, warm

ONLY_DISK = "{steps: [{person: ada}], repeat: 0}"
DEPENDENT = shop(ONLY_DISK).replace("site: {}", "site: {depends_on: [database]}").replace(", each: host", "")


def test_a_silence_holds_message_and_page_and_says_so():
    told = at_noon()
    told.silence("ada", minutes=60, alert="disk")
    full(told).at("12:30")
    assert (told.messages, told.pages) == ([], [])
    assert "refuse team: silenced" in told.why("disk[host=a]")


def test_what_still_fires_when_a_silence_ends_is_told_and_paged():
    told = at_noon(shop(ONLY_DISK))
    told.silence("ada", minutes=60, alert="disk")
    full(told).at("13:02")
    assert told.pages == ["13:00 ada P1 page Disk is full: a"]
    assert told.messages == ["13:00 P1 firing disk[host=a]"]


def test_what_was_over_before_the_silence_ended_is_never_told():
    told = at_noon()
    told.silence("ada", minutes=60, alert="disk")
    full(told).at("12:20")
    fine(told, "a").at("14:00")
    assert (told.messages, told.pages) == ([], [])


def test_a_silence_that_is_undone_ends_at_once():
    told = at_noon(shop(ONLY_DISK))
    silence = told.silence("ada", minutes=600, alert="disk")
    full(told).at("12:10")
    told.undo_silence(silence, by="ben")
    told.run(minutes=1)
    assert told.pages == ["12:10 ada P1 page Disk is full: a"]


def test_a_silence_for_one_host_leaves_the_others_loud():
    told = at_noon(shop(ONLY_DISK))
    told.silence("ada", minutes=60, label={"host": ["a"]})
    full(full(told), "b").at("12:05")
    assert told.messages == ["12:00 P1 firing disk[host=b]"]
    assert told.pages == ["12:00 ada P1 page Disk is full: b"]


def test_a_silence_made_while_it_is_paged_ends_the_page():
    told = full(at_noon()).at("12:05")
    told.silence("ada", minutes=60, alert="disk")
    told.at("12:30")
    assert told.page().state == "ended"
    assert told.heard("ben") == []


def test_a_silence_outlives_a_restart():
    told = at_noon()
    told.silence("ada", minutes=60, alert="disk")
    full(told.restart()).at("12:30")
    assert told.pages == []


def test_what_depends_on_something_that_fires_already_keeps_quiet():
    told = full(at_noon(DEPENDENT)).at("12:02")
    cold(told).at("12:30")
    assert "12:02 P2 firing cache" not in told.messages
    assert [line for line in told.pages if "Cache" in line] == []
    assert "refuse team: dependency-fires" in told.why("cache")


def test_what_still_fires_when_its_dependency_is_well_again_is_told():
    told = full(at_noon(DEPENDENT)).at("12:02")
    cold(told).at("12:30")
    fine(told, "a").at("12:40")
    assert [line.split(maxsplit=1)[1] for line in told.messages if "cache" in line] == ["P2 firing cache"]
    assert any("Cache is cold" in line for line in told.pages)


def test_a_dependency_that_is_silenced_itself_holds_nothing_back():
    told = at_noon(DEPENDENT)
    told.silence("ada", minutes=60, alert="disk")
    cold(full(told).at("12:02")).at("12:05")
    assert told.pages == ["12:02 ada P2 page Cache is cold"]


def flapping():
    text = shop(ONLY_DISK).replace(
        "{alert_window: 1m}", "{alert_window: 1m, flapping: {count: 3, per: 2h}, resolve_after: 1m}"
    )
    told = at_noon(text)
    for _ in range(8):
        cold(told).run(minutes=3)
        warm(told).run(minutes=3)
    return told


def test_an_alert_that_fires_and_resolves_too_often_is_told_once_as_flapping():
    told = flapping()
    fired = [line for line in told.messages if line.endswith("firing cache")]
    assert len(fired) <= 4
    assert any("flapping" in line for line in told.why("cache"))
    assert len([line for line in told.pages if " page " in line]) <= 4


def test_an_alert_that_settles_on_firing_after_it_flapped_is_told():
    told = flapping()
    before = len(told.messages)
    cold(told).run(minutes=200)
    assert len(told.messages) > before
