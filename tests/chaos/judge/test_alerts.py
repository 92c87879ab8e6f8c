"""Alert rules mean here what they mean to a Prometheus, as far as we understand them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from chaos.judge.alerts import OWN_RULES, AlertRule, AlertWatch, holds, parse, read_rules
from chaos.judge.history import EventHistory, Op
from chaos.target.target import Target

TEXT = """# HELP x y
a_total{reason="full",job="i"} 3.0
a_total{reason="other"} 5
depth 12.5
"""


def looks(*values: float, every: float = 1.0):
    return [(n * every, {"a_total": [({"reason": "full"}, v)]}) for n, v in enumerate(values)]


def test_samples_are_read_with_their_labels() -> None:
    found = parse(TEXT)
    assert found["depth"] == [({}, 12.5)]
    assert found["a_total"][0] == ({"reason": "full", "job": "i"}, 3.0)


def test_comparisons() -> None:
    look = [(0.0, parse(TEXT))]
    assert holds("depth > 12", look) is True
    assert holds("depth > 13", look) is False
    assert holds('a_total{reason="full"} == 3', look) is True
    assert holds("a_total >= 8", look) is True
    assert holds("nowhere > 0", look) is False


def test_an_increase_counts_restarts_from_nought() -> None:
    assert holds('increase(a_total{reason="full"}[10s]) > 4', looks(1, 3, 0, 3)) is True
    assert holds('increase(a_total{reason="full"}[10s]) > 5', looks(1, 3, 0, 3)) is False
    assert holds('increase(a_total{reason="full"}[2s]) > 0', looks(0, 9, 9, 9, 9)) is False


def test_a_service_that_does_not_answer_once_has_not_counted_anew() -> None:
    mute = (1.5, {"up": [({"job": "i"}, 0.0)]})
    assert holds("increase(a_total[10s]) > 0", [*looks(7, 7), mute, (2.0, looks(7)[0][1])]) is False
    assert holds("increase(a_total[10s]) > 0", [*looks(7, 7), mute, (2.0, looks(8)[0][1])]) is True


def test_a_service_that_is_away_for_a_moment_does_not_count_anew_beside_others() -> None:
    """Two services count the same thing: the sum falls and rises while one is killed, and nothing grew."""
    both = {"a_total": [({"job": "i"}, 1.0), ({"job": "t"}, 0.0)]}
    one = {"a_total": [({"job": "t"}, 0.0)]}
    assert holds("increase(a_total[10s]) > 0", [(0.0, both), (1.0, one), (2.0, both)]) is False
    more = {"a_total": [({"job": "i"}, 2.0), ({"job": "t"}, 0.0)]}
    assert holds("increase(a_total[10s]) > 0", [(0.0, both), (1.0, one), (2.0, more)]) is True


def test_what_has_not_been_counted_yet_begins_at_nought() -> None:
    empty = (0.0, {"up": [({"job": "i"}, 1.0)]})
    assert holds("increase(a_total[10s]) > 2", [empty, (1.0, looks(3)[0][1])]) is True


def test_one_may_be_silent_while_others_are_not() -> None:
    silent = 'sum(increase(a_total{reason="full"}[5s])) == 0'
    assert holds(f"{silent} and on() depth > 12", [(0.0, parse(TEXT)), (1.0, parse(TEXT))]) is True
    assert holds(f"{silent} and on() depth > 13", [(0.0, parse(TEXT)), (1.0, parse(TEXT))]) is False
    assert holds(f"{silent} and on() mystery(depth)", [(0.0, parse(TEXT))]) is None


def test_several_values_of_a_label_the_least_of_all_and_the_most_in_a_while() -> None:
    said = [(0.0, parse(TEXT))]
    assert holds('sum by (job) (a_total{reason=~"full|other"}) > 7', said) is True
    assert holds('a_total{reason=~"full|none"} > 3', said) is False
    assert holds("min(a_total) < 4", said) is True
    assert holds("min(a_total) > 3", said) is False
    assert holds("max_over_time(a_total[2s]) > 8", looks(9, 1, 1)) is True
    assert holds("max_over_time(a_total[2s]) > 8", looks(9, 1, 1, 1, 1)) is False


def test_what_we_do_not_understand_never_fires() -> None:
    assert holds("histogram_quantile(.99, sum(rate(x[1m])) by (le)) > 1", looks(1)) is None


def test_all_of_our_own_rules_are_understood() -> None:
    rules = read_rules(OWN_RULES)
    assert len(rules) >= 10
    assert [r.name for r in rules if holds(r.expr, looks(1)) is None] == []
    assert all(r.runbook and r.summary for r in rules)


def test_an_alert_fires_once_it_held_long_enough_and_ceases(tmp_path) -> None:
    history = EventHistory()
    watch = AlertWatch(Target(tmp_path), history, [AlertRule("Down", 'up{job="a"} == 0', 2.0, "x.md", "")])
    for now, up in ((0, 1.0), (1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0), (5, 1.0)):
        watch.look(float(now), {"up": [({"job": "a"}, up)]})
    said = [(e.key, e.detail["firing"]) for e in history.events if e.op is Op.ALERT]
    assert said == [("Down", True), ("Down", False)]


def test_a_service_that_is_silent_holds_up_no_other(tmp_path: Path) -> None:
    """Each of the two answers only while the other is asked as well."""
    together = threading.Barrier(2)

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            together.wait(5)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"met 1\n")

        def log_message(self, *_: object) -> None: ...

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Service) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    watch = AlertWatch(Target(tmp_path), EventHistory(), [])
    watch._known = [("a", f"http://127.0.0.1:{server.server_port}/metrics") for server in servers]
    assert [value for _, value in watch._scrape()["up"]] == [1.0, 1.0]
    for server in servers:
        server.shutdown()
        server.server_close()
