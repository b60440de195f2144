#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR MIT
"""Checks what "spawn-bpf trace" wrote: tracecheck.py whole LINES, same LINES CHROME SVG,
empty CHROME SVG. An exception says what is wrong."""
import json
import sys
import xml.etree.ElementTree as ElementTree


def lines(name):
    return [json.loads(line) for line in open(name)]


def spawns(name):
    """Of -j's lines: the events of each spawn that was born meanwhile, in their order."""
    found, by_pid = [], {}
    for event in lines(name):
        if event["event"] == "clone" and event["pid"]:
            by_pid[event["pid"]] = []
            found.append(by_pid[event["pid"]])
        if event.get("pid") in by_pid:
            by_pid[event["pid"]].append(event)
    return found


def chrome_slices(name):
    """Every slice has its end, those of one row do not overlap."""
    events = json.load(open(name))["traceEvents"]
    rows, slices = {}, []
    for event in events:
        row = rows.setdefault((event["pid"], event["tid"]), [])
        if event["ph"] == "B":
            assert not row or row[-1]["ph"] == "E" and row[-1]["ts"] <= event["ts"], event
            row.append(event)
        elif event["ph"] == "E":
            assert row[-1]["ph"] == "B" and row[-1]["ts"] <= event["ts"], event
            slices.append(row[-1])
            row.append(event)
        else:
            assert event["ph"] in "iM", event
    assert all(not row or row[-1]["ph"] == "E" for row in rows.values())
    return slices


def svg_rows(name):
    root = ElementTree.parse(name).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    width = float(root.get("width"))
    rows = [g for g in root if g.get("class") == "row"]
    for row in rows:
        for bar in row.iter("{http://www.w3.org/2000/svg}rect"):
            assert 0 <= float(bar.get("x")) <= width and float(bar.get("width")) >= 0
    return rows


def whole(name):
    """Nothing is missing: what begins ends, and times do not run backwards."""
    found = spawns(name)
    assert found
    strays = {e["pid"] for e in lines(name)} - {events[0]["pid"] for events in found} - {0}
    assert not strays, strays
    for events in found:
        what = [event["event"] for event in events]
        assert what[0] == "clone" and what[-1] == "end" and what.count("end") == 1, what
        assert all(a["ns"] <= b["ns"] for a, b in zip(events, events[1:]))
        queued = [(e["opcode"], e["place"], e["user_data"]) for e in events
                  if e["event"] == "queue"]
        for event in events:
            if event["event"] == "complete":
                queued.remove((event["opcode"], event["place"], event["user_data"]))


def same(name, chrome, svg):
    """The drawings have what the lines have: a row each, a slice for each SQE and step."""
    found = spawns(name)
    tasks = len(found) + len({e["submitter"] for e in lines(name)
                              if e["event"] == "clone" and not e["pid"]})
    assert len(svg_rows(svg)) == tasks, (len(svg_rows(svg)), tasks)
    wanted = [e for events in found for e in events if e["event"] in ("queue", "step")]
    slices = chrome_slices(chrome)
    assert len(slices) == len(wanted), (len(slices), len(wanted))
    assert {e["pid"] for e in wanted} == {s["pid"] for s in slices}


def empty(chrome, svg):
    assert chrome_slices(chrome) == [] and svg_rows(svg) == []


if __name__ == "__main__":
    {"whole": whole, "same": same, "empty": empty}[sys.argv[1]](*sys.argv[2:])
