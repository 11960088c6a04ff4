"""The five systems as they run on a quiet day, for stories to begin from."""

from pathlib import Path

from watchkeeper.testing import Story

EXAMPLES = Path(__file__).parents[2] / "examples"
PLATFORMS = ("spotify", "apple", "deezer", "youtube")


def story(system: str, *, tick_seconds: float = 30) -> Story:
    return Story(EXAMPLES / system, start="2026-03-02T11:30:00", tick_seconds=tick_seconds)


def parses(told: Story, *platforms: str, outcome: str = "ok", per_minute: float = 40, took: float = 0.4) -> Story:
    for platform in platforms:
        told.traffic(parses={"platform": platform, "outcome": outcome, "duration": took}, per_minute=per_minute)
    return told


def about(told: Story, subject: str) -> list[str]:
    """The messages about one alert, whatever else was said meanwhile: of its incident too."""
    return [line for line in told.messages if line.endswith(subject) and " incident #" not in line]
