import pytest

from spark_vtuber.stage.office import RETRY_S, Office


@pytest.fixture
def office() -> Office:
    office = Office()
    for client in range(4):
        office.join(client, is_device=client == 3)
    return office


def test_nobody_is_in_office_before_a_hello(office: Office) -> None:
    assert (office.owner, office.owner_name) == (None, None)


def test_a_client_without_sound_is_never_elected(office: Office) -> None:
    office.hello(0, "obs", 0.0, has_audio=False)
    assert office.owner is None


def test_the_page_that_could_sound_first_is_elected(office: Office) -> None:
    office.hello(1, "page", 0.0, has_audio=True)
    office.hello(0, "page", 1.0, has_audio=True)
    assert (office.owner, office.owner_name) == (1, "page")


def test_the_office_is_kept_when_a_better_client_comes(office: Office) -> None:
    office.hello(1, "page", 0.0, has_audio=True)
    office.hello(0, "obs", 1.0, has_audio=True)
    office.hello(3, "device", 1.0, has_audio=True)
    assert office.owner == 1


def test_the_device_goes_before_obs_and_obs_before_pages(office: Office) -> None:
    office.hello(1, "page", 0.0, has_audio=True)
    office.hello(2, "page", 0.0, has_audio=True)
    office.hello(0, "obs", 0.0, has_audio=True)
    office.hello(3, "device", 0.0, has_audio=True)
    order = []
    while office.owner is not None:
        order.append(office.owner)
        office.leave(office.owner, 1.0)
    assert order == [1, 3, 0, 2]


def test_a_client_that_can_no_longer_be_heard_loses_the_office(office: Office) -> None:
    office.hello(1, "page", 0.0, has_audio=True)
    office.hello(2, "page", 0.0, has_audio=True)
    office.hello(1, "page", 1.0, has_audio=False)
    assert office.owner == 2
    office.hello(1, "page", 2.0, has_audio=True)
    office.hello(2, "page", 3.0, has_audio=True)
    assert office.owner == 2


def test_a_silent_client_stands_again_when_it_speaks(office: Office) -> None:
    office.hello(1, "page", 0.0, has_audio=True)
    office.depose(1, 1.0)
    assert office.owner is None
    office.spoke(1, 2.0)
    assert office.owner == 1


def test_a_silent_client_stands_again_after_a_while(office: Office) -> None:
    office.hello(1, "page", 0.0, has_audio=True)
    office.depose(1, 1.0)
    office.elect(1.0 + RETRY_S / 2)
    assert office.owner is None
    office.elect(1.0 + RETRY_S)
    assert office.owner == 1


def test_a_client_may_leave_twice(office: Office) -> None:
    office.leave(1, 0.0)
    office.leave(1, 0.0)
    assert office.owner is None
