//! Where each rover is, kept in a file for the process that comes after this one is killed.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use physical_ai_control::OdometrySnapshot;

/// Bytes of one record; two take turns, so that one is whole whenever the process is killed.
const RECORD: usize = 1024;
/// A record that nobody renewed for so long is another day's.
const LONGEST_AGE: Duration = Duration::from_secs(60);

/// Keeps the newest snapshot of one robot.
#[derive(Debug)]
pub struct PoseStore {
    file: File,
    next: u64,
}

impl PoseStore {
    /// Opens or makes the file, and reads what a predecessor left not long ago.
    ///
    /// # Errors
    /// If the folder or file cannot be made.
    pub fn open(path: &Path) -> io::Result<(Self, Option<OdometrySnapshot>)> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)?;
        let age = file.metadata()?.modified()?.elapsed();
        // A clock that was set back makes no file young.
        let is_recent = age.is_ok_and(|age| age <= LONGEST_AGE);
        let mut bytes = vec![0; 2 * RECORD];
        let length = file.read_at(&mut bytes, 0)?;
        let newest = bytes[..length]
            .chunks(RECORD)
            .filter_map(|record| serde_json::from_slice::<OdometrySnapshot>(record).ok())
            .max_by_key(|snapshot| snapshot.stamp);
        let store = Self { file, next: 0 };
        Ok((store, newest.filter(|_| is_recent)))
    }

    /// Keeps a snapshot.
    ///
    /// # Errors
    /// If it cannot be written, for example because the disk is full.
    pub fn keep(&mut self, snapshot: &OdometrySnapshot) -> io::Result<()> {
        let mut record = serde_json::to_vec(snapshot)?;
        if record.len() > RECORD {
            return Err(io::Error::other("the snapshot is too long"));
        }
        record.resize(RECORD, b' ');
        self.file
            .write_all_at(&record, self.next % 2 * RECORD as u64)?;
        self.next += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::Time;

    use super::*;

    fn snapshot(seconds: f64) -> OdometrySnapshot {
        OdometrySnapshot {
            stamp: Time::from_seconds(seconds),
            angles: [-0.125; 2],
            state: [std::f64::consts::PI * -1e3; 4],
            covariance: [1.25e-12; 16],
        }
    }

    #[test]
    fn newest_whole_record_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/rover.pose");
        let (mut store, found) = PoseStore::open(&path).unwrap();
        assert_eq!(found, None);
        for i in 0..5 {
            store.keep(&snapshot(f64::from(i))).unwrap();
            let (_, found) = PoseStore::open(&path).unwrap();
            assert_eq!(found, Some(snapshot(f64::from(i))));
        }
        // The record that was being written is torn: the one before it counts.
        store.file.write_all_at(&[0; 40], 60).unwrap();
        assert_eq!(PoseStore::open(&path).unwrap().1, Some(snapshot(3.0)));
        store.file.write_all_at(b"no JSON", RECORD as u64).unwrap();
        assert_eq!(PoseStore::open(&path).unwrap().1, None);
    }

    #[test]
    fn record_of_another_day_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rover.pose");
        let (mut store, _) = PoseStore::open(&path).unwrap();
        store.keep(&snapshot(1.0)).unwrap();
        let old = std::time::SystemTime::now() - LONGEST_AGE * 2;
        store.file.set_modified(old).unwrap();
        assert_eq!(PoseStore::open(&path).unwrap().1, None);
    }
}
