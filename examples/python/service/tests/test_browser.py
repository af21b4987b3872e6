"""Goal: somebody with nothing but a browser registers, authorises, pays a bill that
fails, and sees its money come back; and no file comes from a foreign server.
Method: Swagger UI of the running service in headless Chromium. With `UPDATE=1` the
last page becomes the documentation's picture."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PASSWORD, PATIENCE_S, ROOT, Sandbox, Service

pytestmark = pytest.mark.full

PICTURE = ROOT / "docs" / "images" / "service.png"
PICTURE_BYTES_MAX = 200_000
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1100,1000",
    "--hide-scrollbars",
)
RESPONSE = ".live-responses-table .response"


class Page:
    """Swagger UI, by what a person would click."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser = browser
        browser.get(url)

    def find(self, css: str, within: Any = None) -> Any:
        """The first element that is shown, as soon as it is."""
        from selenium.webdriver.support.ui import WebDriverWait

        holder = within or self.browser

        def shown(_: Any) -> Any:
            return next(
                (found for found in holder.find_elements("css selector", css) if found.is_displayed()), None
            )

        return WebDriverWait(self.browser, PATIENCE_S).until(shown, f"{css} is not shown")

    def click(self, css: str, within: Any = None) -> None:
        """Click it, wherever the page is scrolled to."""
        element = self.find(css, within)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def write(self, element: Any, text: str) -> None:
        """Replace what is written there."""
        from selenium.webdriver.common.keys import Keys

        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(text)

    def open(self, operation: str) -> Any:
        """Open an operation to try it out."""
        block = self.find(f"[id$='-{operation}']")
        self.click(".opblock-summary-control", block)
        self.click(".try-out__btn", block)
        return block

    def execute(self, block: Any, status: int) -> Any:
        """Send, and read the JSON that comes back."""
        self.click(".execute", block)
        shown = self.find(f"{RESPONSE} .response-col_status", block).text
        assert shown.split()[0] == str(status), self.find(RESPONSE, block).text
        return json.loads(self.find(f"{RESPONSE} .highlight-code pre", block).text)

    def post(self, operation: str, status: int, body: dict[str, Any]) -> Any:
        """Send a body."""
        block = self.open(operation)
        self.write(self.find("textarea", block), json.dumps(body))
        answer = self.execute(block, status)
        # Closed again, so that the page stays short.
        self.click(".opblock-summary-control", block)
        return answer

    def authorise(self, token: str) -> None:
        """Put the token where every later request takes it from."""
        self.click(".scheme-container .authorize")
        self.write(self.find(".modal-ux input"), token)
        self.click(".modal-ux .auth-btn-wrapper .authorize")
        self.click(".modal-ux .btn-done")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service as Driver

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Driver("/usr/bin/chromedriver"))
    yield browser
    browser.quit()


def pay_at_checkout(browser: Any, url: str) -> None:
    """Pay as the customer does, on the gateway's own page."""
    from selenium.webdriver.support.ui import WebDriverWait

    swagger_ui = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(url)
    browser.find_element("id", "success").click()
    # Closed before the gateway has answered, the page would take its request along.
    WebDriverWait(browser, PATIENCE_S).until(lambda _: '"paid"' in browser.page_source, "it was not paid")
    browser.close()
    browser.switch_to.window(swagger_ui)


def execute_until(page: Page, block: Any, is_done: Any) -> Any:
    """Send again until the answer is the one that is waited for."""
    from selenium.webdriver.support.ui import WebDriverWait

    def done(_: Any) -> Any:
        answer = page.execute(block, 200)
        return answer if is_done(answer) else None

    return WebDriverWait(page.browser, PATIENCE_S).until(done, "the answer never came")


def test_a_bill_is_paid_and_given_back_in_a_browser(browser: Any, service: Service, sandbox: Sandbox) -> None:
    page = Page(browser, f"{service.url}/api/docs")
    user = {
        "email": f"ada{os.getpid()}@example.com",
        "firstName": "Ada",
        "lastName": "Obi",
        "password": PASSWORD,
    }
    page.authorise(page.post("register", 201, user)["access_token"])

    funding = page.post("fund", 200, {"amount": "10000.00"})["data"]
    assert (funding["status"], funding["balance"]) == ("PENDING", "0.00")
    pay_at_checkout(browser, funding["checkoutUrl"])
    wallet = page.open("caller_wallet")
    execute_until(page, wallet, lambda answer: answer["balance"] == "10000.00")
    page.click(".opblock-summary-control", wallet)

    bill = {"billType": "ELECTRICITY", "amount": "1500.50", "customerReference": "45700000001-decline"}
    payment = page.post("pay", 200, bill)["data"]
    history = page.open("page")
    lines = execute_until(page, history, lambda answer: answer and answer[0]["type"] == "REVERSAL")
    assert [(line["type"], line["amount"]) for line in lines] == [
        ("REVERSAL", "1500.50"),
        ("BILL_PAYMENT", "-1500.50"),
        ("WALLET_FUNDING", "10000.00"),
    ]
    assert (lines[1]["id"], lines[1]["reversalTransactionId"]) == (payment["transactionId"], lines[0]["id"])

    names = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert names
    assert [name for name in names if not name.startswith((service.url, "data:"))] == []
    keep_picture(page, history)


def keep_picture(page: Page, block: Any) -> None:
    response = page.find(RESPONSE, block)
    # The command to repeat it carries the token.
    page.browser.execute_script("arguments[0].style.display = 'none'", page.find(".curl-command", block))
    page.browser.execute_script("arguments[0].scrollIntoView({block: 'end'})", response)
    picture = page.browser.get_screenshot_as_png()
    assert 10_000 < len(picture) < PICTURE_BYTES_MAX
    if os.environ.get("UPDATE"):
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_bytes(picture)
