//! What points at a person is removed from what people wrote, and nothing else.

use super::super::redact::REMOVED;
use super::super::{Redacted, redact};
use super::*;

fn redacted(text: &str) -> String {
    redact(text).text
}

#[test]
fn numbers_addresses_plates_and_accounts_are_removed() {
    for (text, rest) in [
        ("我的电话是13800138000，请回电", "我的电话是〔…〕，请回电"),
        ("电话１３８　００１３　８０００。", "电话〔…〕。"),
        ("Call 138-0013-8000 please", "Call 〔…〕 please"),
        ("座机 (010) 6655-4433 转 12", "座机 〔…〕 转 12"),
        ("座机6655443", "座机〔…〕"),
        ("+86 138 0013 8000 打我", "〔…〕 打我"),
        ("身份证11010519491231002X号", "身份证〔…〕号"),
        ("身份证11010519491231002XX号", "身份证〔…〕X号"),
        // What follows another number, or stands apart, is none of it.
        ("打13800138000x处", "打〔…〕x处"),
        ("身份证11010519491231002 X号", "身份证〔…〕 X号"),
        (
            "身份证号：１１０１０５１９４９１２３１００２ｘ",
            "身份证号：〔…〕",
        ),
        ("写到 zhang.san+a@example.com 吧", "写到 〔…〕 吧"),
        ("邮箱zhang@例子", "邮箱zhang@例子"),
        ("tel13800138000", "tel〔…〕"),
        ("见 https://example.com/a?b=1，谢谢", "见 〔…〕，谢谢"),
        ("网站WWW.EXAMPLE.COM里有", "网站〔…〕里有"),
        ("车牌浙A·12345乱停", "车牌〔…〕乱停"),
        ("京AD12345占道", "〔…〕占道"),
        ("加微信zhang_san88", "加〔…〕"),
        ("加微信li_88吧", "加〔…〕吧"),
        ("QQ：12345678", "〔…〕"),
        ("幺三八零零幺三八零零零", "〔…〕"),
        ("我家3栋2单元501室漏水", "我家〔…〕漏水"),
        ("我家3号楼501漏水", "我家〔…〕漏水"),
        ("卡号6222 0212 3456 7890 123", "卡号〔…〕"),
    ] {
        assert_eq!(redacted(text), rest, "{text}");
        let places = rest.matches(REMOVED).count();
        assert_eq!(usize::try_from(redact(text).removed).unwrap(), places);
    }
}

#[test]
fn what_points_at_nobody_stays() {
    for text in [
        "窗口等了2个小时，2026-03-02那天只开了3号窗口",
        "2026年3月2日办理，收费1200元，应为800元",
        "on 2026.3.2 I waited 45 minutes",
        "服务很好，一二三四五都满意",
        "第12345号文件",
        "编号665544的文件",
        "微信办事很方便",
        "微信a1_b收到了",
        "这栋单元楼很旧",
        "收费从1200 - 1800元不等",
        "浙江政务服务网好用，京东也可以",
        "3号楼的电梯坏了",
        "浙APPLE的店，川A12的牌子",
        "",
    ] {
        let found = redact(text);
        assert_eq!(
            found,
            Redacted {
                text: text.to_owned(),
                removed: 0
            }
        );
    }
}

proptest! {
    #[test]
    fn no_number_of_a_telephone_gets_through_however_it_is_grouped(
        before in "[\u{4e00}-\u{4e8c}]{0,5}", digits in "1[3-9][0-9]{9}", cuts in proptest::collection::vec(0..11_usize, 0..4),
        sign in "[ -]", wide in any::<bool>(),
    ) {
        let mut number = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && cuts.contains(&place) {
                number.push_str(&sign);
            }
            let shown = if wide { char::from_u32(u32::from(digit) + 0xfee0).unwrap() } else { digit };
            number.push(shown);
        }
        let text = format!("{before}电话{number}。");
        let found = redacted(&text);
        prop_assert_eq!(found, format!("{before}电话{REMOVED}。"));
    }

    #[test]
    fn any_text_is_walked_to_its_end(text in "\\PC{0,200}") {
        let found = redact(&text);
        prop_assert!(found.removed > 0 || found.text == text);
    }
}
