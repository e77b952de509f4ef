"""How one comes to each page, and what is done there so that all of it shows."""

from __future__ import annotations

import pyotp
from playwright.sync_api import Page, expect

from tests.memory_ports import PASSWORD

GIVEN = "0901234567"
# the number that a citizen gave


def ask(page: Page, text: str = "Khai sinh cần gì?") -> None:
    page.get_by_label("Câu hỏi của anh/chị").fill(text)
    page.get_by_role("button", name="Gửi", exact=True).click()


def chat(page: Page) -> None:
    page.goto("/")
    ask(page)
    page.get_by_text("Nguồn: thủ tục 1.001193").click()


def empty_chat(page: Page) -> None:
    page.goto("/")


def from_sheet(page: Page) -> None:
    page.goto("/?thu_tuc=1.001193")
    expect(page.get_by_role("button", name="Hỏi thủ tục 1.001193")).to_be_visible()


def login(page: Page) -> None:
    page.goto("/console/login")


def queue(page: Page) -> None:
    page.goto("/console/login")
    page.get_by_label("Tên đăng nhập").fill("lan")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", name="Phiên hỗ trợ")).to_be_visible()


def ticket(page: Page) -> None:
    queue(page)
    page.get_by_role("link", name="Phiên 7").click()
    page.get_by_role("button", name="Nhận phiên này").click()
    page.get_by_label("Chỉ cán bộ thấy").fill("Gọi lại sau 14 giờ")
    page.get_by_role("button", name="Lưu ghi chú").click()
    page.get_by_label("Trả lời người dân").fill("Chào anh/chị.")
    page.get_by_role("button", name="Gửi cho người dân").click()
    expect(page.locator(".line.officer")).to_be_visible()


def aside(page: Page) -> None:
    queue(page)
    page.get_by_role("link", name="Để riêng").click()
    page.get_by_role("button", name="Bỏ").first.click()
    expect(page.get_by_role("heading", name="Để riêng: 1 mục")).to_be_visible()


def entered(page: Page, where: str) -> None:
    """Signed in as an auditor and administrator, on a page of theirs."""
    page.goto("/console/login")
    page.get_by_label("Tên đăng nhập").fill("quan")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    expect(page.get_by_role("navigation", name="Các trang")).to_be_visible()
    page.goto(where)


def officers(page: Page) -> None:
    entered(page, "/console/officers")
    page.locator("#username").fill("hoa")
    page.get_by_label("Họ tên").fill("Lê Thị Hoa")
    page.get_by_role("button", name="Thêm", exact=True).click()
    expect(page.get_by_text("Mật khẩu của hoa")).to_be_visible()


def switches(page: Page) -> None:
    entered(page, "/console/switches")
    page.get_by_label("Tạm dừng trợ lý").check()
    page.get_by_label("Lý do").first.fill("thử")
    page.get_by_role("button", name="Chuyển công tắc").press("Enter")
    expect(page.get_by_text("Lý do: thử")).to_be_visible()


def access_log(page: Page) -> None:
    entered(page, "/console/access-log")
    page.get_by_label("Cán bộ").select_option(label="Phạm Minh Quân (quan)")
    page.get_by_role("button", name="Lọc").press("Enter")
    expect(page.get_by_text("0 lần xem")).to_be_visible()


def breaches(page: Page) -> None:
    entered(page, "/console/breaches")
    page.get_by_label("Bàn").select_option("thanh_pho")
    page.get_by_role("button", name="Lọc").press("Enter")
    expect(page.get_by_role("heading", name="Quá hạn trong ngày")).to_be_visible()


def statistics(page: Page) -> None:
    entered(page, "/console/statistics")
    page.get_by_label("Kỳ", exact=True).select_option("2026-W47")
    page.get_by_label("Phường, xã", exact=True).select_option("26743")
    page.get_by_role("button", name="Xem").press("Enter")
    expect(page.get_by_role("heading", name="Phường Bến Thành, Tuần 47/2026")).to_be_visible()
    expect(page.get_by_role("img", name="tin nhắn theo ngày")).to_be_visible()


def sync(page: Page) -> None:
    entered(page, "/console/sync")
    page.get_by_label("Mã đơn vị").select_option("H29.19")
    page.get_by_role("button", name="Lọc").press("Enter")
    expect(page.get_by_role("heading", name="Đang khác nhau: 2")).to_be_visible()


def staff(page: Page) -> None:
    """A desk whose officer has a week and is away, every form open."""
    entered(page, "/console/desks")
    page.get_by_text("Vắng mặt của Nguyễn Thị Lan").click()
    for name in ("Từ ngày", "Đến hết ngày"):
        page.get_by_label(name).first.fill("2030-01-02")
    page.get_by_role("button", name="Ghi lần vắng").first.press("Enter")
    expect(page.get_by_text("Vắng từ 00:00 02/01/2030")).to_be_visible()
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")


def catalogue(page: Page) -> None:
    entered(page, "/console/catalogue")


def record(page: Page) -> None:
    catalogue(page)
    page.get_by_role("link", name="1.100003").press("Enter")
    expect(page.get_by_role("heading", name="Nguồn bỏ ngỏ: 1 điểm")).to_be_visible()


def account(page: Page) -> None:
    entered(page, "/console/account")


def password(page: Page) -> None:
    entered(page, "/console/account/password")


def enrolment(page: Page) -> None:
    entered(page, "/console/account/second-step")


def recovery_codes(page: Page) -> None:
    enrolment(page)
    page.get_by_label("Mã 6 số").fill(pyotp.TOTP(page.locator("code").inner_text()).now())
    page.get_by_role("button", name="Xác nhận").press("Enter")
    expect(page.get_by_role("heading", name="Mã dự phòng")).to_be_visible()


def second_step(page: Page) -> None:
    recovery_codes(page)
    page.get_by_role("button", name="Đăng xuất").click()
    page.get_by_label("Tên đăng nhập").fill("quan")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    expect(page.get_by_role("heading", name="Mã xác thực")).to_be_visible()


def missing(page: Page) -> None:
    page.goto("/khong-co")


def sheet_check(page: Page) -> None:
    page.goto("/xac-minh-phieu")
    page.get_by_label("Tệp phiếu").set_input_files({"name": "a.pdf", "mimeType": "", "buffer": b"%PDF-1.7"})
    page.get_by_role("button", name="Kiểm tra").press("Enter")
    expect(page.get_by_role("heading", name="Tệp không có chữ ký số")).to_be_visible()


def search(page: Page) -> None:
    queue(page)
    page.get_by_role("link", name="Tìm kiếm").click()
    page.get_by_label("Chữ trong cuộc trò chuyện").fill("nuoc ngoai")
    page.get_by_role("button", name="Tìm", exact=True).click()
    expect(page.get_by_role("heading", name="Tìm thấy 1 phiên")).to_be_visible()


def card(page: Page) -> None:
    queue(page)
    page.get_by_role("link", name="Phiên 7").click()
    page.get_by_role("button", name="Nhận phiên này").click()
    page.get_by_label("Thẻ thủ tục").fill("1.100003")
    page.get_by_role("button", name="Tìm thủ tục").click()
    for name in ("Sang bàn khác", "Cho đồng nghiệp"):
        page.get_by_text(name, exact=True).click()
    expect(page.get_by_role("button", name="Gửi thẻ này")).to_be_visible()


def errands(page: Page) -> None:
    """A held ticket, put off, with every form of the errands open and a number that can be seen."""
    queue(page)
    page.get_by_role("link", name="Phiên 7").click()
    page.get_by_role("button", name="Nhận phiên này").click()
    page.get_by_text("Ẩn phiên đến một lúc").click()
    page.get_by_label("Hẹn đến").select_option("morning")
    page.get_by_label("Ghi chú cho lúc đó").fill("chờ phường trả lời")
    page.get_by_role("button", name="Hẹn lại", exact=True).press("Enter")
    page.get_by_role("link", name="Hẹn lại").click()
    page.get_by_role("link", name="Phiên 7").click()
    for name in ("Số gọi lại", "Ảnh một giấy tờ", "Vị trí, phường xã", "Đổi giờ hẹn"):
        page.locator("summary", has_text=name).press("Enter")
    expect(page.get_by_role("button", name="Bỏ hẹn, hiện lại ngay")).to_be_visible()
    expect(page.get_by_role("button", name="Xin số gọi lại")).to_be_visible()


def called_back(page: Page) -> None:
    """The number that a citizen gave (see given), shown to whoever holds the ticket; what they sent besides."""
    queue(page)
    page.get_by_role("link", name="Của tôi").click()
    page.get_by_role("link", name="Phiên 7").click()
    expect(page.get_by_role("link", name="Mở xem (tab mới)")).to_be_visible()
    page.get_by_role("button", name="Xem số gọi lại").press("Enter")
    expect(page.locator("#number")).to_have_text(GIVEN)


def mentioned(page: Page) -> None:
    """The queue of a colleague who was named in a note."""
    ticket(page)
    page.get_by_label("Chỉ cán bộ thấy").fill("@minh xem giúp")
    page.get_by_role("button", name="Lưu ghi chú").press("Enter")
    expect(page.get_by_text("@minh xem giúp").first).to_be_visible()
    page.get_by_role("button", name="Đăng xuất").click()
    page.get_by_label("Tên đăng nhập").fill("minh")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", name="Bạn được nhắc: 1")).to_be_visible()


def keys(page: Page) -> None:
    queue(page)
    page.get_by_role("button", name="Phím tắt").click()
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()


OVERSIGHT = [breaches, statistics, sync, staff, catalogue, record]
ADMINISTRATION = [officers, switches, access_log, account, password, enrolment, recovery_codes, second_step]
DESK = [queue, ticket, card, errands, mentioned, search, keys, aside]
PAGES = [empty_chat, from_sheet, chat, login, sheet_check, *DESK, *ADMINISTRATION, *OVERSIGHT, missing]
