"""The model's constants: values, units and where they come from. Frozen; a test may pass its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constants:
    """Standard deviations are of natural logarithms (.10 is about 10 %) unless a field says otherwise.

    Sources: (R) the reference's replays of ten Philadelphia elections, DESIGN section 7; (C) chosen by
    predicting each of three Romanian days from the other two, and on watchers other than the benchmark's,
    `docs/model.md`; (J) judgement, wide on purpose.
    """

    # the day
    level_sd: float = 0.16  # turnout against expectation, whole election: core of a Student-t (C)
    level_sd_history: float = 0.25  # the same where past turnout alone expects it (R)
    level_tail: float = (
        3.0  # … its degrees of freedom; elections do differ by a third (R .25 to .35 as a normal)
    )
    level_unlike: float = 2.0  # times that where no past election is of today's kind (C, leave-one-out)
    other_kind: float = 0.3  # weight of a past election of another kind than today's (J)
    level_sd_blind: float = 0.70  # the same with no expectation at all (J)
    feature_sd: float = 0.08  # a standard deviation of a covariate moves the level by this (C)
    feature_tilt_sd: float = 0.05  # … and the early share by this (C)
    # today's course against past ones, beside what counties do otherwise from day to day: two Gaussian
    # processes. Voters come at another time (past/displacement.py; by twelve days' courses, leave-one-out)
    displacement_sd: float = 0.02  # in the middle of the day, a quarter of an hour of twelve
    displacement_length: float = 0.2  # correlation length, part of the day
    # … and hours are busier or idler: log hourly shares
    share_sd_midday: float = 0.104  # middle of the day (C; .8 of what they were before displacement)
    share_sd_edge: float = 0.208  # first and last hours
    share_length: float = 0.12  # correlation length, part of the day
    share_placeless: float = 1.15  # times the SDs where no places' past curves are known
    share_blind: float = 1.54  # … where no past curve is known at all (J)
    blind_widening: float = 2.0  # times SDs of shared errors there: so far days are from the built-in one (J)
    course_tail: float = 3.0  # degrees of freedom of today's departure from the course, as of the level (J)
    curve_factors: int = 8  # eigenvectors kept of the curve's covariance

    # places: level at close, and tilt (multiplies -log F: early voters many or few)
    county_sd: float = 0.06
    county_tilt_sd: float = 0.06
    group_sd: float = 0.10
    group_tilt_sd: float = 0.09
    precinct_sd: float = 0.17  # level of a precinct within its group (R .15 to .20, C)
    precinct_sd_blind: float = 0.35  # the same for a precinct without own expectation (J)
    # a precinct's own course against its place's: variance of this square + the next / registered, times
    # (1 - F)^1.5. Municipalities and precincts on three Romanian days (C)
    precinct_tilt_sd: float = 0.09
    precinct_tilt_voters: float = 30.0
    watcher_sd: float = 0.02  # a trained watcher's counting error (R)
    # estimates of the public (J): a person reads a crowd to a tenth, or to a fifth
    guess_sd: float = 0.10  # … before the day says otherwise
    guess_sd_sd: float = 0.7  # … of its logarithm
    guess_shared_sd: float = 0.08  # a person estimates alike all day
    # volunteers choose where they stand: how far silent precincts are unlike watched ones, in SDs of a
    # precinct's own level. Five Philadelphia days had watched ones ahead, in log by .18 at worst; where a
    # campaign gives its own figures, they know already where it is strong (J)
    watched_ahead: float = 0.15
    watched_shift_sd: float = 0.25
    watched_faith: float = 50.0  # … is of the day's level once so many precincts have told it
    thinning: float = 1.0  # overdispersion of backward thinning, times (1 - F) / N
    step_earliest: float = 0.03  # steps from counts below this share of the day say nothing
    step_tilt_sd: float = 0.15  # a step's wobble, times log(F2 / F1)
    step_weight: float = 0.2  # steps of a precinct share its course: so much news each (C)
    tail: float = 4.0  # degrees of freedom of the robust weights (R)
    rounds: int = 5  # robust refits
    earliest: float = 0.004  # reports below this share of the day carry no level

    scatter_faith: float = 4.0  # late counts' worth of faith in the scatter that the past expects (C)
    scatter_late: float = 1.0  # a count tells of it as its share to this power (C, docs/model.md)

    # widths
    # of 80 % bands, times normals' SDs. Precincts' own errors are peaked with long tails, about as a
    # Student-t(4) is (its 80 % band has .85 of a normal's at equal SD). What all share is one draw a day, of
    # a level with a t(3) prior (.74) and of a course: most days it is small (C, leave-one-election-out)
    stretch80_own: float = 0.90
    stretch80_shared: float = 0.65
    stretch95: float = 0.95
    lag_widening: float = 1.0  # lag needs more evidence early: SD times 1 + this (1 - F) (C)

    # doubt: counts that passed the gate and are none of their precinct's
    bad_rate: float = 0.03  # share of them before the day says otherwise (J)
    bad_faith: float = 20.0  # … worth so many counts
    bad_sd: float = 0.80  # how far from a usual precinct's size they are, at least (C)
    bad_beside_sd: float = 0.35  # … beside the SD of sizes (J)

    # gate
    bad_cost: float = 5.0  # -log(3 % bad x density of a bad count over e^6)
    gate_step_sd: float = 0.25  # a step's wobble, times log(F2 / F1)
    gate_watcher_sd: float = 0.03
    gate_shared_sd: float = 0.15  # what the state does not know of a precinct's place
    asked_cost: float = 1.5  # a count intake holds needs this much more evidence

    # standing
    lag_ratio: float = 0.85  # behind its peers: below this part of what they do
    lag_probability: float = 0.70
    lag_release: float = 0.60  # keep-firing: a lagging precinct leaves below this
    watch_probability: float = 0.40
    lag_floor: float = 5.0  # votes: smaller shortfalls are nobody's errand
    silent_hours: float = 3.0  # no report for this long …
    silent_rhythm: float = 3.0  # … or this many of that precinct's usual gaps, whichever is longer
    doubt_seconds: float = 1800.0  # two senders this close in time who disagree
    doubt_ratio: float = 0.25  # … by this much
