"""
How bad does a log record say it is?

By the text that its source wrote, in capitals; where it wrote none, by the name of the range that its number is in
(OpenTelemetry, "Logs Data Model", field SeverityNumber).

>>> severity("Warning", 13), severity("", 18), severity("", 0)
('WARNING', 'ERROR', None)
"""

from typing import Final

#: Four numbers each, from 1.
RANGES: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


def severity(text: str, number: int) -> str | None:
    """
    The severity in one word; None where neither text nor number says it.
    """
    if text:
        return text.upper()
    return RANGES[(number - 1) // 4] if 1 <= number <= 4 * len(RANGES) else None
