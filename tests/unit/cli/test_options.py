from spark_vtuber.cli import options


def test_options_that_were_not_given_leave_the_file_alone() -> None:
    given = options.layer(
        server=options.server(None, 9000, no_browser=False), data={"dir": None}, chat={"twitch": {"channel": None}}
    )
    assert given == {"server": {"port": 9000}}


def test_no_browser_is_an_answer() -> None:
    assert options.layer(server=options.server(None, None, no_browser=True)) == {"server": {"browser": False}}
