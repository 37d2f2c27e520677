//! One signal that ends everything: the accept loop, WebSockets, the worker.

use tokio::sync::watch;

/// Waits for the end. Clones wait for the same end.
#[derive(Debug, Clone)]
pub struct Shutdown {
    receiver: watch::Receiver<bool>,
}

/// Brings the end about.
#[derive(Debug)]
pub struct Trigger {
    sender: watch::Sender<bool>,
}

/// A trigger and what waits for it.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger { sender }, Shutdown { receiver })
}

impl Trigger {
    /// Ends everything. Dropping the trigger does the same.
    pub fn pull(self) {
        self.sender.send_replace(true);
    }
}

impl Shutdown {
    /// Resolves once the end has come; at once when it already has.
    pub async fn triggered(&self) {
        let mut receiver = self.receiver.clone();
        // An error means that the trigger was dropped, which is an end as well.
        let _ended = receiver.wait_for(|ended| *ended).await;
    }
}

/// Resolves when the process is asked to stop: Ctrl-C or SIGTERM.
pub async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be watched; only Ctrl-C stops the server in order");
            let _asked = interrupt.await;
        }
    }
}
