from spark_vtuber.health.strain import Measure, Strain


def test_a_measure_is_in_force_while_any_cause_demands_it() -> None:
    told: list[dict[str, object]] = []
    strain = Strain(lambda kind, /, **data: told.append({"kind": kind, **data}))
    strain.put("memory", "15 of 16 GB", Measure.SHORT_CONTEXT, Measure.NO_BACKGROUND)
    strain.put("heat", "hot", Measure.SHORT_ANSWERS, Measure.NO_BACKGROUND)
    strain.put("heat", "hotter", Measure.SHORT_ANSWERS, Measure.NO_BACKGROUND)
    assert strain.reasons == {"memory": "15 of 16 GB", "heat": "hotter"}
    strain.put("memory", "")
    assert strain.demands(Measure.NO_BACKGROUND)
    assert not strain.demands(Measure.SHORT_CONTEXT)
    strain.put("heat", "")
    assert not any(strain.demands(measure) for measure in Measure)
    assert [one["cause"] for one in told] == ["memory", "heat", "memory", "heat"]
    assert told[-1] == {"kind": "strain", "cause": "heat", "reason": "", "measures": []}
