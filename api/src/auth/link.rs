//! Mails with a one-time link to set a password, and where such a link leads.

use service::staff::link::{Lifetimes, MadeLink, Purpose};

use crate::config::Settings;
use crate::mail::Message;

/// Writes links and the mails around them.
#[derive(Debug, Clone)]
pub struct Links {
    public_url: String,
    lifetimes: Lifetimes,
}

impl Links {
    /// By the settings.
    pub fn new(settings: &Settings) -> Self {
        Self {
            public_url: settings.http.public_url.trim_end_matches('/').to_owned(),
            lifetimes: Lifetimes {
                invitation: settings.auth.invitation_lifetime,
                reset: settings.auth.reset_lifetime,
            },
        }
    }

    /// How long links hold.
    pub const fn lifetimes(&self) -> &Lifetimes {
        &self.lifetimes
    }

    /// Where a link leads.
    pub fn address(&self, token: &str) -> String {
        format!("{}/account/{token}", self.public_url)
    }

    /// The mail around a link, Chinese first. It says nothing of roles or rounds: mailboxes are read by others too.
    pub fn write_mail(&self, made: &MadeLink) -> Message {
        let (subject, chinese, english) = match made.purpose {
            Purpose::Invitation | Purpose::First => (
                "明鉴：启用您的账号 Mingjian: your account",
                "管理员为您开通了明鉴账号。请打开下面的链接设置密码",
                "An administrator has made an account for you in Mingjian. Open the link to choose your password",
            ),
            Purpose::Reset => (
                "明鉴：重设密码 Mingjian: a new password",
                "有人为您的明鉴账号申请重设密码。如果是您本人，请打开下面的链接；如果不是，请忽略本邮件，密码不会改变",
                "Somebody asked for a new password for your account in Mingjian. If it was you, open the link; if not, do \
                 nothing, and the password stays as it is",
            ),
        };
        let until = made.expires_at.format("%Y-%m-%d %H:%M");
        let address = self.address(&made.token);
        let login = &made.login;
        Message {
            to: made.email.clone(),
            subject: subject.to_owned(),
            html: None,
            text: format!(
                "{chinese}。\n登录名：{login}\n链接只能用一次，有效期至 {until}（协调世界时）。请勿转发。\n\n\
                 {english}.\nLog-in name: {login}\nThe link can be used once, until {until} UTC. Do not pass it on.\n\n\
                 {address}\n"
            ),
        }
    }
}
