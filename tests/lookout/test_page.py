"""A page as a reader sees it."""

import pytest

from runbook.lookout.page import last_part, read_page

AT = "https://www.example.org/government/statistics/malpractice/"
TITLE = "Malpractice for GCSE and A level: summer 2017 exam series"


@pytest.mark.parametrize(
    "markup",
    [
        f"<title>{TITLE} - Example</title>",
        f"<h1>\n   {TITLE}\n</h1>",
        "<p>Malpractice for <b>GCSE</b> and\n A&nbsp;level: summer&#32;2017 exam se<i>ries</i></p>",
        f"<!doctype html><html><body><main><h1>{TITLE}",
        f"<![foo[x]]><h1>{TITLE}</h1>",
        f"<svg/><p>{TITLE}</p>",
    ],
)
def test_the_title_is_seen_as_text_however_it_is_marked_up(markup: str) -> None:
    assert read_page(markup, AT).carries(TITLE)


@pytest.mark.parametrize(
    "markup",
    [
        "",
        f"<!-- {TITLE} -->",
        f"<script>var title = '{TITLE}'</script>",
        f"<template><h1>{TITLE}</h1></template>",
        f'<meta name="description" content="{TITLE}">',
        f"<h1>{TITLE.replace('2017', '2016')}</h1>",
        "<p>Malpractice for GCSE</p><p>and A level: summer</p><p>2017 examseries</p>",
        f"<h1>{TITLE.upper()}</h1>",
    ],
)
def test_a_title_that_no_reader_sees_does_not_count(markup: str) -> None:
    assert not read_page(markup, AT).carries(TITLE)


def test_quotes_and_dashes_compare_as_people_type_them() -> None:
    page = read_page("<h1>Children\u2019s \u201csocial\u201d care 2017\u201318 re\u00adview</h1>", AT)
    assert page.carries('Children\'s "social" care 2017-18 review')


def test_no_title_is_on_no_page() -> None:
    assert not read_page("<h1>Anything</h1>", AT).carries("")


@pytest.mark.parametrize(
    "heading",
    [
        "Page not found",
        "404",
        "503 Service Unavailable",
        "Error 500",
        "Sorry, we're experiencing technical difficulties",
        "Sorry, there is a problem with the service",
        f"{TITLE} could not be found",
        "Access denied",
        "Something went wrong",
        "This page is no longer available",
    ],
)
def test_a_heading_of_an_error_makes_an_error_page(heading: str) -> None:
    assert read_page(f"<title>{heading}</title><p>{TITLE}</p>", AT).is_error(TITLE)
    assert read_page(f"<h1>{heading}</h1><p>{TITLE}</p>", AT).is_error(TITLE)


@pytest.mark.parametrize(
    "title",
    [
        "Fraud and error in the benefit system",
        "Pages not found by search engines, 2017",
        "404 errors on public sites",
        "Service unavailable: outages of public services 2017",
    ],
)
def test_a_release_about_errors_is_no_error_page(title: str) -> None:
    assert not read_page(f"<title>{title} - Example</title><h1>{title}</h1>", AT).is_error(title)


def test_a_number_in_another_heading_is_no_error() -> None:
    assert not read_page(f"<h1>{TITLE}</h1><h1>Table 404: 500 schools</h1>", AT).is_error(TITLE)


def test_links_are_found_by_their_last_part_percent_decoded_and_by_case() -> None:
    page = read_page(
        """<a href="files/Data%20tables.xlsx?v=2#top">Data</a> <a href="/other/data tables.xlsx">other</a>
        <a href="mailto:press@example.org">write</a> <a href="javascript:void(0)">x</a> <a>none</a>
        <a href="http://[broken/Data%20tables.xlsx">broken</a> <a href="files/Data%20tables.xlsx?v=2">again</a>""",
        AT,
    )
    assert page.links_to("Data tables.xlsx") == (AT + "files/Data%20tables.xlsx?v=2",)
    assert page.links_to("data tables.xlsx") == ("https://www.example.org/other/data tables.xlsx",)
    assert page.links_to("press@example.org") == ()


def test_links_start_from_the_base_that_the_page_names() -> None:
    page = read_page('<base href="https://assets.example.org/media/"><a href="report.pdf">Report</a>', AT)
    assert page.links == ("https://assets.example.org/media/report.pdf",)


def test_the_last_part_of_a_folder_is_empty() -> None:
    assert last_part("https://example.org/folder/") == ""
    assert last_part("https://example.org/a%2Fb/caf%C3%A9.pdf?x=/y") == "café.pdf"
