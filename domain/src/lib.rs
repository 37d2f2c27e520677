//! Schemes, surveys, scores, rules and close-out: pure and exact.
//!
//! No input or output, no clock, no randomness, no floating point.
//!
//! | word | 中文 | what it is |
//! |---|---|---|
//! | round | 考评轮次 | one evaluation over one period under one scheme version |
//! | subject | 考评对象 | who is evaluated: unit 单位, team 领导班子, person 个人, family 家庭 |
//! | category | 类别 | 机关, 站所, 村, 学校 …, as the scheme lists them |
//! | region | 地区 | a node of the tree of places |
//! | scheme | 评价体系 | the table, the surveys and the rules, as data with a version |
//! | section | 共性 / 个性 / 负面清单 / 加分 | a part of the table |
//! | indicator | 指标 | a node of the table |
//! | item | 考评项 | a leaf of the table |
//! | inspection | 现场考核 | marking items on site |
//! | score | 得分 | points awarded for an item |
//! | fact | 事实 / 案例 | something that happened, with its kind and date |
//! | measure | 量化数据 | a reported count, rate or time |
//! | survey | 满意度测评 | questions to respondents about subjects |
//! | question, scale | 题目, 等级 | what is asked, and the options of the answer |
//! | panel, channel | 评议群体, 渠道 | who answers, and on what way |
//! | invitation | 邀请码 | a one-time admission to a survey |
//! | answer sheet | 答卷 | one respondent's answers |
//! | tally | 统计 | counts of answers |
//! | rule | 规则 | a condition, an effect and the words to show people |
//! | grade | 等次 | what a subject is called at the end |
//! | cap | 封顶 | a grade that cannot be passed |
//! | quota | 名额比例 | how many of a group may hold a grade |
//! | veto, disqualify | 一票否决 | not eligible, holds no grade |
//! | investigation | 专项调查 | finding out whether something is true |
//! | preflight | 结账前检查 | what closing now would give, and what stands in its way |
//! | close-out | 结束考评 | freezing the inputs and deciding |
//! | decision | 评定 | what a subject got, and why |
//! | revision | 版次 | one stored close-out of a round |
//! | reopening | 重启更正 | letting named inputs of a closed round change, for the next revision |
//! | follow-up | 结果运用 | what comes of a decision |
//! | alert | 预警 | a warning |
//! | checkpoint | 检查点 | the signed size and hash of a list that only grows |
//! | seal | 封存 | the signed hash over all answer sheets of a closed survey |
//! | receipt | 回执 | what a respondent is given to ask later whether the answers count |

// A close-out never stops half-way and is exact: what can fail says so in its type, no float decides.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented,
    clippy::float_arithmetic
)]

pub mod access;
pub mod canonical;
pub mod correction;
pub mod decide;
pub mod explain;
pub mod id;
pub mod inputs;
pub mod number;
pub mod outcome;
pub mod package;
pub mod reason;
pub mod scheme;
pub mod seal;
pub mod snapshot;
pub mod survey;
pub mod tree;
pub mod trial;
