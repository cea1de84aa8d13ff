import pytest

from tests.cast import signed_in

pytestmark = pytest.mark.urls("tests.pages.portal")


@pytest.fixture
def office(ada):
    return signed_in(ada)


def test_the_list_is_a_whole_page(office, harbour, sibling):
    answer = office.get("/shop/")
    text = answer.content.decode()
    assert answer.status_code == 200, text
    assert "<h1>Customers</h1>" in text
    assert text.index("Harbour Logistics") < text.index("Sibling Studios")
