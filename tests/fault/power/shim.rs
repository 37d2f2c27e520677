//! Loaded into a server before it starts (`LD_PRELOAD`): tells, in their true order, the changes that the server makes
//! to the files of one folder, and what it has the disk keep.
//!
//! Compiled by the test that needs it and no module of any crate: whoever stands between a program and its C library
//! needs unsafe code, which the crates forbid. Linux only.
//!
//! One lock is held around each record together with the call that it tells of, so that the order of the records is
//! the order of what happened. A change is recorded before it is made: whatever is seen of it later, by the disk or by a
//! citizen, its record is there. A sync is recorded after it returned, for it promises nothing before; as no change can
//! come in between, it covers exactly the changes recorded before it. Each record is handed to the system at once, so
//! that nothing is missing when the server is killed.
//!
//! Known are the calls that SQLite makes on Linux. `-shm` is left out: it is made anew after a crash. What is missed
//! here (a rename, a mapping, vectors) shows when the records are compared with the files at the end.

use std::ffi::{CStr, OsStr, c_char, c_int, c_long, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn access(path: *const c_char, mode: c_int) -> c_int;
    fn lseek64(file: c_int, offset: i64, whence: c_int) -> i64;
}

/// The next one of a name after this library, which is the C library's.
const NEXT: *mut c_void = -1_isize as *mut c_void;
const FROM_HERE: c_int = 1;
const APPEND: c_int = 0o2000 | 0o100 | 0o1;

/// The real function of a name.
macro_rules! real {
    ($name:literal: fn($($kind:ty),*) -> $result:ty) => {{
        static FOUND: OnceLock<usize> = OnceLock::new();
        let found = *FOUND.get_or_init(|| {
            // SAFETY: the name ends with a zero.
            unsafe { dlsym(NEXT, concat!($name, "\0").as_ptr().cast()) as usize }
        });
        // SAFETY: the C library's function of this name has this type.
        unsafe { std::mem::transmute::<usize, unsafe extern "C" fn($($kind),*) -> $result>(found) }
    }};
}

/// What is told, as the reader knows it.
#[repr(u8)]
enum Kind {
    Open = 0,
    Create = 1,
    Unlink = 2,
    Write = 3,
    Resize = 4,
    Sync = 5,
    SyncFolder = 6,
}

/// Where the records go.
struct Trace(c_int);

/// Held by whoever records; the file is opened by the first.
static TRACE: Mutex<Option<Trace>> = Mutex::new(None);

/// What each open number stands for: nothing of the folder, the folder itself, or the file of an inode.
static OPEN: [AtomicU64; 65_536] = [const { AtomicU64::new(NOTHING) }; 65_536];
const NOTHING: u64 = 0;
const FOLDER: u64 = 1;

fn folder() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| std::env::var_os("POWER_FOLDER").unwrap_or_default().into())
}

/// The name in the folder, if the path leads there and to something that has to last.
fn name_of<'a>(path: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: whoever calls the C library hands over a path that ends with a zero and lives as long as the call.
    let path = unsafe { CStr::from_ptr::<'a>(path) }.to_bytes();
    let path = Path::new(OsStr::from_bytes(path));
    let name = (path.parent() == Some(folder())).then(|| path.file_name())??;
    (!name.as_bytes().ends_with(b"-shm")).then(|| name.as_bytes())
}

fn is_folder(path: *const c_char) -> bool {
    // SAFETY: as above.
    unsafe { CStr::from_ptr(path) }.to_bytes() == folder().as_os_str().as_bytes()
}

fn meaning(file: c_int) -> u64 {
    let place = usize::try_from(file).ok().and_then(|place| OPEN.get(place));
    place.map_or(NOTHING, |place| place.load(Ordering::SeqCst))
}

fn set_meaning(file: c_int, meaning: u64) {
    if let Some(place) = usize::try_from(file).ok().and_then(|place| OPEN.get(place)) {
        place.store(meaning, Ordering::SeqCst);
    } else if meaning != NOTHING {
        // A file that nobody watches would be taken for one that is never written.
        std::process::abort();
    }
}

fn lock() -> MutexGuard<'static, Option<Trace>> {
    TRACE.lock().unwrap_or_else(|_| std::process::abort())
}

fn tell(trace: &mut Option<Trace>, kind: Kind, (inode, offset): (u64, u64), bytes: &[u8]) {
    let trace = trace.get_or_insert_with(|| {
        let mut path = std::env::var_os("POWER_TRACE").unwrap_or_default();
        path.push("\0");
        let open = real!("open64": fn(*const c_char, c_int, c_uint) -> c_int);
        // SAFETY: the path ends with a zero.
        Trace(unsafe { open(path.as_bytes().as_ptr().cast(), APPEND, 0o600) })
    });
    let length = u32::try_from(bytes.len()).unwrap_or_else(|_| std::process::abort());
    let mut record = Vec::with_capacity(21 + bytes.len());
    record.push(kind as u8);
    record.extend_from_slice(&inode.to_le_bytes());
    record.extend_from_slice(&offset.to_le_bytes());
    record.extend_from_slice(&length.to_le_bytes());
    record.extend_from_slice(bytes);
    let write = real!("write": fn(c_int, *const c_void, usize) -> isize);
    // SAFETY: the bytes live until the call is over.
    let written = unsafe { write(trace.0, record.as_ptr().cast(), record.len()) };
    if usize::try_from(written) != Ok(record.len()) {
        // Better no server than one that is watched with gaps.
        std::process::abort();
    }
}

fn open_by(
    open: unsafe extern "C" fn(*const c_char, c_int, c_uint) -> c_int,
    path: *const c_char,
    flags: c_int,
    mode: c_uint,
) -> c_int {
    if is_folder(path) {
        // SAFETY: what came is handed on.
        let file = unsafe { open(path, flags, mode) };
        if file >= 0 {
            set_meaning(file, FOLDER);
        }
        return file;
    }
    let Some(name) = name_of(path) else {
        // SAFETY: what came is handed on.
        return unsafe { open(path, flags, mode) };
    };
    let mut trace = lock();
    // SAFETY: the path is the caller's.
    let was_there = unsafe { access(path, 0) } == 0;
    // SAFETY: what came is handed on.
    let file = unsafe { open(path, flags, mode) };
    if file >= 0 {
        let path = folder().join(OsStr::from_bytes(name));
        let inode = std::fs::metadata(path)
            .map_or(NOTHING, |found| std::os::unix::fs::MetadataExt::ino(&found));
        let kind = if was_there { Kind::Open } else { Kind::Create };
        tell(&mut trace, kind, (inode, 0), name);
        set_meaning(file, inode);
    }
    file
}

fn write_at(
    file: c_int,
    offset: Option<i64>,
    bytes: *const c_void,
    count: usize,
    real: impl Fn() -> isize,
) -> isize {
    let inode = meaning(file);
    if inode == NOTHING {
        return real();
    }
    let mut trace = lock();
    // SAFETY: only asks where the file stands.
    let offset = offset.unwrap_or_else(|| unsafe { lseek64(file, 0, FROM_HERE) });
    // SAFETY: the caller says that so many bytes are there.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast(), count) };
    let offset = u64::try_from(offset).unwrap_or_else(|_| std::process::abort());
    tell(&mut trace, Kind::Write, (inode, offset), bytes);
    real()
}

fn resize(file: c_int, size: i64, real: impl Fn() -> c_int) -> c_int {
    let inode = meaning(file);
    if inode == NOTHING {
        return real();
    }
    let mut trace = lock();
    tell(
        &mut trace,
        Kind::Resize,
        (inode, u64::try_from(size).unwrap_or(0)),
        &[],
    );
    real()
}

fn sync(file: c_int, real: impl Fn() -> c_int) -> c_int {
    let inode = meaning(file);
    if inode == NOTHING {
        return real();
    }
    let mut trace = lock();
    let result = real();
    if result == 0 {
        let kind = if inode == FOLDER {
            Kind::SyncFolder
        } else {
            Kind::Sync
        };
        tell(&mut trace, kind, (inode, 0), &[]);
    }
    result
}

// What follows takes the place of the C library's functions. SAFETY, for each: what came is handed on as it came, to the
// function of the same name.

#[unsafe(no_mangle)]
extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_by(
        real!("open": fn(*const c_char, c_int, c_uint) -> c_int),
        path,
        flags,
        mode,
    )
}

#[unsafe(no_mangle)]
extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    open_by(
        real!("open64": fn(*const c_char, c_int, c_uint) -> c_int),
        path,
        flags,
        mode,
    )
}

#[unsafe(no_mangle)]
extern "C" fn close(file: c_int) -> c_int {
    // Before the number is free: somebody else may get it at once.
    set_meaning(file, NOTHING);
    let real = real!("close": fn(c_int) -> c_int);
    unsafe { real(file) }
}

#[unsafe(no_mangle)]
extern "C" fn write(file: c_int, bytes: *const c_void, count: usize) -> isize {
    let real = real!("write": fn(c_int, *const c_void, usize) -> isize);
    write_at(file, None, bytes, count, || unsafe {
        real(file, bytes, count)
    })
}

#[unsafe(no_mangle)]
extern "C" fn pwrite(file: c_int, bytes: *const c_void, count: usize, offset: c_long) -> isize {
    let real = real!("pwrite": fn(c_int, *const c_void, usize, c_long) -> isize);
    write_at(file, Some(offset.into()), bytes, count, || unsafe {
        real(file, bytes, count, offset)
    })
}

#[unsafe(no_mangle)]
extern "C" fn pwrite64(file: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    let real = real!("pwrite64": fn(c_int, *const c_void, usize, i64) -> isize);
    write_at(file, Some(offset), bytes, count, || unsafe {
        real(file, bytes, count, offset)
    })
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate(file: c_int, size: c_long) -> c_int {
    let real = real!("ftruncate": fn(c_int, c_long) -> c_int);
    resize(file, size.into(), || unsafe { real(file, size) })
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate64(file: c_int, size: i64) -> c_int {
    let real = real!("ftruncate64": fn(c_int, i64) -> c_int);
    resize(file, size, || unsafe { real(file, size) })
}

#[unsafe(no_mangle)]
extern "C" fn fsync(file: c_int) -> c_int {
    let real = real!("fsync": fn(c_int) -> c_int);
    sync(file, || unsafe { real(file) })
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(file: c_int) -> c_int {
    let real = real!("fdatasync": fn(c_int) -> c_int);
    sync(file, || unsafe { real(file) })
}

#[unsafe(no_mangle)]
extern "C" fn unlink(path: *const c_char) -> c_int {
    let real = real!("unlink": fn(*const c_char) -> c_int);
    let Some(name) = name_of(path) else {
        return unsafe { real(path) };
    };
    let mut trace = lock();
    tell(&mut trace, Kind::Unlink, (NOTHING, 0), name);
    unsafe { real(path) }
}
