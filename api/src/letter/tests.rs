//! What letters, mails, posters and lists of numbers say.

use chrono::NaiveDate;
use domain::scheme::file::Words;
use service::intake::InvitationToken;
use service::survey::{About, HandedOut, InvitationMail, PersonalLink, PosterLink, Way};

use super::{
    PaperForm, PaperLine, Sender, draw_forms, draw_letters, draw_posters, draw_svg,
    write_handed_out, write_mail,
};

fn words(zh: &str, en: &str) -> Words {
    Words {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

fn sender() -> Sender {
    Sender {
        public_url: "https://pj.example.org".to_owned(),
        contact_days: 30,
    }
}

fn about() -> About {
    About {
        round: words("虚构区测评", "Fictional round"),
        survey: words("满意度测评", "Satisfaction survey"),
        until: NaiveDate::from_ymd_opt(2026, 3, 31).and_then(|day| day.and_hms_opt(18, 0, 0)),
    }
}

/// The token whose bytes are all zero.
const TOKEN: &str = "0000000000000000000000000000000000";

fn link(name: &str, address: &str) -> PersonalLink {
    PersonalLink {
        name: name.to_owned(),
        address: address.to_owned(),
        subject: words("虚构区<一>局", "Fictional <First> Bureau"),
        token: InvitationToken::parse(TOKEN).unwrap(),
    }
}

#[test]
fn a_mail_says_the_same_in_both_languages_as_text_and_as_a_page() {
    let mut mail = InvitationMail {
        link: link("", "a@example.com"),
        about: about(),
        is_reminder: false,
    };
    let message = write_mail(&mail, &sender()).unwrap();
    let address = format!("https://pj.example.org/i/{TOKEN}");
    assert_eq!(
        message.subject,
        "邀请您评价“虚构区<一>局” / You are invited to rate “Fictional <First> Bureau”"
    );
    let html = message.html.unwrap();
    for text in [&message.text, &html] {
        for said in [
            "您好：",
            "Hello,",
            "请在 2026-03-31 18:00 前作答",
            "before 2026-03-31 18:00",
            "30 天后删除",
            "deleted 30 days after",
            "不敢说绝对匿名",
            &address,
        ] {
            assert!(text.contains(said), "`{said}` is missing: {text}");
        }
        assert!(!text.contains("提醒"), "{text}");
        assert!(text.find("您好") < text.find("Hello"));
    }
    // No picture tells when it was read, and no name becomes part of the page.
    for foreign in ["<img", "src=", "url(", "<First>"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert!(
        html.contains("&#60;First&#62;") || html.contains("&lt;First&gt;"),
        "{html}"
    );
    mail.is_reminder = true;
    let reminder = write_mail(&mail, &sender()).unwrap();
    assert!(reminder.subject.starts_with("提醒："));
    assert!(reminder.text.contains("还没有用过"));
}

#[test]
fn letters_and_posters_stand_alone_one_to_a_page() {
    let links = [link("干部 01", "虚构路 1 号"), link("", "虚构路 2 号")];
    let letters = draw_letters(&about(), &links, &sender()).unwrap();
    assert_eq!(letters.matches("<section>").count(), 2);
    assert_eq!(letters.matches("<svg").count(), 2);
    assert!(letters.contains("0000-0000-0000-0000-0000-0000-0000-0000-00"));
    assert!(letters.contains("break-after: page"));
    let posters = [PosterLink {
        code: "abc".to_owned(),
        panel: "users".to_owned(),
        subject_code: "o-1".to_owned(),
        subject: words("虚构区一局", "Fictional First Bureau"),
    }];
    let posters = draw_posters(&about(), &posters, &sender()).unwrap();
    assert!(posters.contains("https://pj.example.org/s/abc"));
    for page in [&letters, &posters] {
        assert!(page.contains("均为虚构"));
        for foreign in ["<script", "src=", "@import", "url(", "<link"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}

#[test]
fn numbers_come_with_their_links_and_without_formulas() {
    let handed_out = HandedOut {
        way: Way::Phone,
        about: about(),
        links: vec![link("=1+1", "13800138000")],
    };
    let file = String::from_utf8(write_handed_out(&handed_out, &sender()).unwrap()).unwrap();
    assert_eq!(
        file,
        format!(
            "\u{feff}手机号,姓名,评价对象,链接\n13800138000,'=1+1,虚构区<一>局,https://pj.example.org/i/{TOKEN}\n"
        )
    );
}

/// The squares that a picture draws, by row and column.
fn squares(svg: &str) -> Vec<(usize, usize)> {
    let (_, path) = svg.split_once(" d=\"").unwrap();
    let (path, _) = path.split_once('"').unwrap();
    let mut drawn = Vec::new();
    for part in path.split('M').skip(1) {
        let (place, rest) = part.split_once('h').unwrap();
        let (column, row) = place.split_once(' ').unwrap();
        let (length, _) = rest.split_once('v').unwrap();
        let (column, row): (usize, usize) = (column.parse().unwrap(), row.parse().unwrap());
        drawn.extend((0..length.parse().unwrap()).map(|step| (row, column + step)));
    }
    drawn
}

#[test]
fn a_picture_draws_exactly_the_squares_of_its_code() {
    let address = format!("https://pj.example.org/i/{TOKEN}");
    let svg = draw_svg(&address, "a \"b\" <c>").unwrap();
    assert!(
        svg.contains("aria-label=\"a &quot;b&quot; &lt;c>\""),
        "{svg}"
    );
    let code = fast_qr::QRBuilder::new(address.as_str())
        .ecl(fast_qr::ECL::Q)
        .build()
        .unwrap();
    let mut expected = Vec::new();
    for row in 0..code.size {
        for column in 0..code.size {
            if code[row][column].value() {
                expected.push((row + 4, column + 4));
            }
        }
    }
    assert_eq!(squares(&svg), expected);
    assert!(draw_svg(&"a".repeat(5_000), "").is_err());
}

#[test]
fn a_ballot_on_paper_has_a_row_for_each_of_those_rated() {
    #[derive(serde::Deserialize)]
    struct Part {
        scale: Vec<domain::scheme::file::Scale>,
        survey: domain::scheme::file::Survey,
    }
    let part: Part = toml::from_str(
        r#"
        [[scale]]
        code = "two"
        option = [
          { code = "good", label = { zh = "好", en = "Good" }, class = "satisfied", weight = 100 },
          { code = "poor", label = { zh = "差", en = "Poor" }, class = "dissatisfied", weight = 0 },
        ]
        [survey]
        code = "meeting"
        name = { zh = "评议", en = "Vote" }
        ballot = { one_for = "round" }
        denominator = "rated"
        combine = "pooled"
        panel = [{ code = "p", name = { zh = "代表", en = "Delegates" } }]
        channel = [{ code = "paper" }]
        question = [{ code = "duty", text = { zh = "履责", en = "Duty" }, scale = "two", required = true }]
        "#,
    )
    .unwrap();
    let definition = domain::survey::Definition::of(&part.survey, &part.scale).unwrap();
    let line = |number: u32| PaperLine {
        code: format!("L{number:02}"),
        name: words(&format!("干部 {number:02}"), &format!("Leader {number:02}")),
    };
    let paper = PaperForm {
        link: link("", ""),
        lines: (1..=30).map(line).collect(),
    };
    let page = draw_forms((&about(), &definition), &[paper], &sender()).unwrap();
    assert_eq!(page.matches("<tr>").count(), 31);
    assert_eq!(page.matches("class=\"box\"").count(), 60);
    for said in [
        "30. 干部 30",
        "[L30]",
        "整行不打“√”就是弃权",
        "[duty]",
        "[poor]",
    ] {
        assert!(page.contains(said), "`{said}` is missing: {page}");
    }
}
