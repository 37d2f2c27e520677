//! What the two READMEs say is so.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use support::project;
use support::server::program;

use super::{mingjian, text};

const FILES: [&str; 2] = ["README.md", "README.zh-CN.md"];

fn readme(file: &str) -> String {
    project::read(&project::root().join(file))
}

/// The first block of a language.
fn block(text: &str, language: &str) -> String {
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn both_list_the_settings_that_there_are() {
    let table = text(&mingjian(&["doctor", "--settings"], project::root()).stdout);
    for file in FILES {
        assert!(
            readme(file).contains(&table),
            "{file} is out of date: put the output of `mingjian doctor --settings` into it"
        );
    }
}

#[test]
fn both_have_the_same_commands_and_parts() {
    let shape = |file: &str| {
        let text = readme(file);
        let headings = text.lines().filter(|line| line.starts_with("## ")).count();
        // Words after `#` are for people and differ.
        let commands: Vec<String> = text
            .split("```sh\n")
            .skip(1)
            .flat_map(|rest| rest.split("```").next().unwrap().lines())
            .map(|line| line.split('#').next().unwrap().trim().to_owned())
            .collect();
        (headings, commands)
    };
    assert_eq!(shape(FILES[0]), shape(FILES[1]));
}

/// A demo that serves; killed when dropped.
struct Demo {
    process: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Demo {
    async fn start() -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new(program())
            .args(["demo", "--listen", &address.to_string(), "--folder"])
            .arg(folder.path())
            .env_clear()
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let demo = Self {
            process,
            address,
            _folder: folder,
        };
        for _ in 0..1_200 {
            if reqwest::get(demo.url("/readyz"))
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return demo;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the demo does not serve");
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _gone_already = self.process.wait();
    }
}

#[tokio::test]
async fn the_first_query_of_both_has_the_answer_that_they_show() {
    let demo = Demo::start().await;
    for file in FILES {
        let answer: Value = reqwest::Client::new()
            .post(demo.url("/graphql"))
            .json(&json!({ "query": block(&readme(file), "graphql") }))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let shown: Value = serde_json::from_str(&block(&readme(file), "json")).unwrap();
        assert_eq!(answer, shown, "{file}");
    }
}
