//! One PostgreSQL for all tests that run at the same time.
//!
//! Test runners start a process for each test, so no process owns the cluster: the first that needs
//! it starts it, each holds a shared lock on a file while it lives, and a warden, a small shell
//! script, stops it once nobody has held the lock for a while. Locks of dead processes are gone, so
//! nothing stays behind after a crash. Data lies in the system's temporary folder with every
//! safety of the disk turned off: tests of durability kill servers, not the machine.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::project;

/// The role that owns the cluster; it makes databases and roles.
pub const SUPERUSER: &str = "postgres";

/// Stops the cluster when for five looks in a row, a second apart, nobody used it. Its arguments
/// are the folder of the cluster and that of PostgreSQL's programs.
const WARDEN: &str = r#"
    cd "$1" || exit
    idle=0
    while [ "$idle" -lt 5 ]; do
        sleep 1
        if flock --nonblock users true; then idle=$((idle + 1)); else idle=0; fi
    done
    exec flock users sh -c '"$1/pg_ctl" stop --silent --mode immediate --pgdata data; rm -rf data' sh "$2"
"#;

/// What the cluster of the tests runs with: nothing in it must survive the machine.
const FORGETFUL: &str =
    "-c shared_buffers=64MB -c fsync=off -c full_page_writes=off -c autovacuum=off";
/// What a cluster for figures runs with: it keeps what it has acknowledged, and a machine of this size is told to it.
const DURABLE: &str =
    "-c shared_buffers=512MB -c fsync=on -c synchronous_commit=on -c max_wal_size=4GB";
/// The same where there is little room.
const CRAMPED: &str = "-c shared_buffers=64MB -c fsync=on -c synchronous_commit=on -c max_wal_size=64MB -c min_wal_size=32MB";

/// A running PostgreSQL, reached through a socket in its folder.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    _in_use: Option<File>,
}

/// A cluster of its own that keeps every promise to the disk, for figures. Stopped and removed when dropped.
#[derive(Debug)]
pub struct DurableCluster {
    cluster: Cluster,
    user: User,
    /// Goes with it.
    beneath: Option<tempfile::TempDir>,
}

impl DurableCluster {
    /// Makes and starts it.
    ///
    /// # Panics
    /// PostgreSQL is not installed or does not start; its log is in the message.
    pub fn start() -> Self {
        Self::try_start().unwrap_or_else(|error| panic!("PostgreSQL for the figures: {error}"))
    }

    fn try_start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut started = Self::try_start_in(folder.path(), DURABLE)?;
        started.beneath = Some(folder);
        Ok(started)
    }

    /// Makes and starts it in this folder, which is made and stays behind, on a disk with little room.
    ///
    /// # Panics
    /// PostgreSQL is not installed or does not start; its log is in the message.
    pub fn start_in(folder: &Path) -> Self {
        let started =
            std::fs::create_dir(folder).and_then(|()| Self::try_start_in(folder, CRAMPED));
        started.unwrap_or_else(|error| panic!("PostgreSQL in {}: {error}", folder.display()))
    }

    fn try_start_in(folder: &Path, settings: &str) -> io::Result<Self> {
        let user = User::of_the_server()?;
        user.own(folder)?;
        launch(folder, &user, settings)?;
        let cluster = Cluster {
            folder: folder.to_path_buf(),
            _in_use: None,
        };
        Ok(Self {
            cluster,
            user,
            beneath: None,
        })
    }

    /// Restarts it, or starts it if it is down: `fast` ends its connections, `immediate` is a crash.
    ///
    /// # Panics
    /// It does not come up again; its log is in the message.
    pub fn restart(&self, mode: &str) {
        let mut control = self.command("pg_ctl");
        control
            .args(["restart", "--wait", "--silent", "--mode", mode])
            .args(["--pgdata", "data", "--log", "log"]);
        run(&mut control, &self.cluster.folder)
            .unwrap_or_else(|error| panic!("PostgreSQL does not come back: {error}"));
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        let mut control = self.command("pg_ctl");
        control.args(["status", "--silent", "--pgdata", "data"]);
        control
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// A command that runs one of PostgreSQL's own programs as the user that owns the cluster.
    pub fn command(&self, program: &str) -> Command {
        // What is no part of the server may lie in PATH alone.
        let path = programs()
            .map(|folder| folder.join(program))
            .ok()
            .filter(|path| path.exists());
        let path = path.unwrap_or_else(|| PathBuf::from(program));
        self.user.command(&path, &self.cluster.folder)
    }
}

impl Drop for DurableCluster {
    fn drop(&mut self) {
        let stopped = self
            .command("pg_ctl")
            .args([
                "stop",
                "--silent",
                "--mode",
                "immediate",
                "--pgdata",
                "data",
            ])
            .status();
        if let Err(error) = stopped {
            eprintln!("PostgreSQL for the figures does not stop: {error}");
        }
    }
}

impl Cluster {
    /// The cluster of this process, started if nobody has.
    ///
    /// # Panics
    /// PostgreSQL is not installed or does not start; its log is in the message.
    pub fn get() -> &'static Self {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(|| {
            Self::join().unwrap_or_else(|error| panic!("PostgreSQL for the tests: {error}"))
        })
    }

    /// Where its socket lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How `role` reaches `database`.
    pub fn url(&self, role: &str, database: &str) -> String {
        format!(
            "postgres://{role}@localhost/{database}?host={}",
            self.folder.display()
        )
    }

    fn join() -> io::Result<Self> {
        let user = User::of_the_server()?;
        let folder = folder(&user);
        std::fs::create_dir_all(&folder)?;
        user.own(&folder)?;
        // The order matters: the warden may be stopping the cluster, and holds `users` until it has.
        let starting = File::create(folder.join("starting"))?;
        starting.lock()?;
        let users = File::create(folder.join("users"))?;
        users.lock_shared()?;
        if UnixStream::connect(folder.join(".s.PGSQL.5432")).is_err() {
            start(&folder, &user)?;
        }
        Ok(Self {
            folder,
            _in_use: Some(users),
        })
    }
}

/// One folder for each checkout and user. Short, for the path of a socket has 107 bytes.
fn folder(user: &User) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (project::root(), user.uid).hash(&mut hasher);
    std::env::temp_dir().join(format!("mingjian-test-{:016x}", hasher.finish()))
}

fn start(folder: &Path, user: &User) -> io::Result<()> {
    launch(folder, user, FORGETFUL)?;
    let mut warden = user.command(Path::new("sh"), folder);
    warden
        .args(["-c", WARDEN, "warden"])
        .arg(folder)
        .arg(programs()?);
    // Its own group: an interrupted test run must not take the warden along.
    warden
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(())
}

/// Makes a cluster in `folder` and starts it.
fn launch(folder: &Path, user: &User, settings: &str) -> io::Result<()> {
    let programs = programs()?;
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let mut initdb = user.command(&programs.join("initdb"), folder);
    initdb.args([
        "--no-sync",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--username",
        SUPERUSER,
    ]);
    run(initdb.arg("--pgdata").arg(&data), folder)?;

    let options = format!(
        "-c listen_addresses= -c unix_socket_directories={} -c max_connections=300 {settings}",
        folder.display()
    );
    let mut control = user.command(&programs.join("pg_ctl"), folder);
    control
        .args(["start", "--wait", "--silent", "--log"])
        .arg(folder.join("log"));
    run(
        control
            .arg("--options")
            .arg(options)
            .arg("--pgdata")
            .arg(&data),
        folder,
    )
}

fn run(command: &mut Command, folder: &Path) -> io::Result<()> {
    let log = File::create(folder.join("start.log"))?;
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    if command.status()?.success() {
        return Ok(());
    }
    let told: Vec<String> = ["start.log", "log"]
        .iter()
        .filter_map(|name| std::fs::read_to_string(folder.join(name)).ok())
        .collect();
    Err(io::Error::other(format!(
        "{command:?} failed:\n{}",
        told.join("\n")
    )))
}

/// The folder of PostgreSQL's server programs; Debian keeps them out of PATH.
///
/// # Errors
/// There is none.
pub fn programs() -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    std::env::split_paths(&path)
        .chain(versions.map(|version| version.path().join("bin")))
        .find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .ok_or_else(|| {
            io::Error::other(
                "no `initdb` found: install PostgreSQL, or run `scripts/test`, which does",
            )
        })
}

/// Who runs the server: root may not.
#[derive(Debug)]
struct User {
    uid: u32,
    gid: u32,
    is_other: bool,
}

impl User {
    fn of_the_server() -> io::Result<Self> {
        let (uid, gid) = (id("-u")?, id("-g")?);
        if uid != 0 {
            return Ok(Self {
                uid,
                gid,
                is_other: false,
            });
        }
        let users = std::fs::read_to_string("/etc/passwd")?;
        let find = |name: &str| {
            let line = users
                .lines()
                .find(|line| line.starts_with(&format!("{name}:")))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        let (uid, gid) = find("postgres").or_else(|| find("nobody")).ok_or_else(|| {
            io::Error::other("root cannot run PostgreSQL and there is no user `postgres`")
        })?;
        Ok(Self {
            uid,
            gid,
            is_other: true,
        })
    }

    fn own(&self, path: &Path) -> io::Result<()> {
        if self.is_other {
            chown(path, Some(self.uid), Some(self.gid))
        } else {
            Ok(())
        }
    }

    /// A command in `folder`, which the user can enter, unlike perhaps the present one.
    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if self.is_other {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }
}

fn id(flag: &str) -> io::Result<u32> {
    let output = Command::new("id").arg(flag).output()?;
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .map_err(io::Error::other)
}
