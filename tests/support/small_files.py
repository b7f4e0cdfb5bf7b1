"""The smallest playbook and release that are right, for tests that spoil one thing in them."""

SMALL_PLAYBOOK = """\
playbook: small
title: A small plan
activate_when: The release is not public at its due time.
owner: Head of Communications
agreed_by: {statistics: Head of Profession, communications: Head of Communications, on: 2026-11-02}
review_every: 180d
line_to_take: The release is delayed.
objectives:
  - {id: told, title: Everybody told, measure: told, within: 15m}
  - {id: in-step, title: In step, measure: skew, of: announce, within: 1s}
roles:
  lead: {title: Incident lead, duty: Decides}
  comms: {title: Communications officer, duty: Works the channels}
steps:
  - {id: confirm, kind: look, title: Look, role: comms, location: original, expect: not-public, due: T+2m}
  - id: leave-route
    kind: decision
    title: Leave the normal route
    role: lead
    question: Leave it?
    options: {leave: {title: Leave it}, stay: {title: Stay}}
    example: leave
    reason_example: It will last
    wait_at_most: 15m
    then: leave
  - {id: clear, kind: clearance, title: Clear, role: lead, of: [alternate, announce]}
  - {id: put-by, kind: stage, title: Put by, role: comms, of: alternate, needs: [confirm]}
  - id: alternate
    kind: upload
    title: Publish elsewhere
    role: comms
    when: leave-route == leave
    needs: [clear, put-by]
    to: alternate-site
    publishes: elsewhere
    page: The documents.
    correction: {body: This page was wrong.}
  - {id: see, kind: look, title: Look there, role: comms, location: elsewhere, expect: public}
  - id: announce
    kind: together
    title: Tell everybody
    role: comms
    marks: [told]
    messages:
      mail:
        channel: press-email
        to: journalists
        audience: press
        subject: "{{ release.title }}"
        body: It is out.
        correction: {subject: Corrected, body: It was wrong.}
      post: {channel: x, text: It is out., correction: {text: It was wrong.}}
  - id: remind
    kind: together
    title: Remind the team
    role: lead
    after: T+10m
    unless: announce
    repeat: 30m
    messages:
      team: {channel: press-email, to: roles, audience: roles, subject: Still on, body: Go on.}
  - {id: stand-down, kind: stand-down, title: The end, role: lead}
"""

SMALL_RELEASE = """\
release: small
title: A small release
status: Official statistics
producer: Example Statistics Office
date: 2026-11-02
time: "09:30"
zone: Europe/London
url: https://www.gov.uk/government/statistics/small
statistician: {name: Lead statistician, email: statistics@example.org}
press: {name: Press office, email: press@example.org}
assets:
  - id: report
    file: report.pdf
    title: The report
    kind: main
    size: 6
    sha256: 845e91831319e89c4d656bdb80c278ac09a7230d61e5dfd2e1b1fbb436ac8917
"""


def spoilt(text: str, old: str, new: str) -> str:
    """Return the text with one thing in it changed; it must be there exactly once."""
    assert text.count(old) == 1, f"{text.count(old)} times: {old!r}"
    return text.replace(old, new)


def place_of(text: str, needle: str) -> tuple[int, int]:
    """Return line and column of something that is there exactly once, from 1."""
    assert text.count(needle) == 1, f"{text.count(needle)} times: {needle!r}"
    before = text[: text.index(needle)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
