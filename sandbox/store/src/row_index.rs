//! An index of rows by keys that the rows themselves hold, so that it needs a few bytes a row. No rows.

use std::hash::{BuildHasher, Hash, RandomState};

use hashbrown::HashTable;

/// Row numbers by the hashes of their keys.
#[derive(Debug, Default)]
pub(crate) struct RowIndex {
    entries: HashTable<IndexEntry>,
    hasher: RandomState,
}

/// The low half of a key's hash, and the number of the row in its slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct IndexEntry {
    hash: u32,
    row: u32,
}

impl IndexEntry {
    /// The hash for the table, which takes the bucket from the low bits and a tag from the high ones.
    fn spread(&self) -> u64 {
        u64::from(self.hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

impl RowIndex {
    // Memory ends long before 2³² rows.
    fn entry(&self, key: &(impl Hash + ?Sized), row: usize) -> IndexEntry {
        IndexEntry { hash: self.hasher.hash_one(key) as u32, row: row as u32 }
    }

    /// The row with that key. `has_key` tells whether a row has it.
    pub(crate) fn get(&self, key: &(impl Hash + ?Sized), has_key: impl Fn(usize) -> bool) -> Option<usize> {
        let wanted = self.entry(key, 0);
        let found =
            self.entries.find(wanted.spread(), |entry| entry.hash == wanted.hash && has_key(entry.row as usize));
        found.map(|entry| entry.row as usize)
    }

    /// Adds a row by its key.
    pub(crate) fn insert(&mut self, key: &(impl Hash + ?Sized), row: usize) {
        let entry = self.entry(key, row);
        self.entries.insert_unique(entry.spread(), entry, IndexEntry::spread);
    }

    /// Removes a row by its key.
    pub(crate) fn remove(&mut self, key: &(impl Hash + ?Sized), row: usize) {
        let removed = self.entry(key, row);
        if let Ok(found) = self.entries.find_entry(removed.spread(), |entry| *entry == removed) {
            found.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_keys_while_the_index_grows_and_shrinks() {
        let keys: Vec<String> = (0..1000).map(|row| format!("key {row}")).collect();
        let mut index = RowIndex::default();
        for (row, key) in keys.iter().enumerate() {
            index.insert(key, row);
        }
        let find = |index: &RowIndex, key: &String| index.get(key, |row| keys[row] == *key);
        assert!(keys.iter().enumerate().all(|(row, key)| find(&index, key) == Some(row)));
        assert_eq!(find(&index, &"another key".to_owned()), None);
        for (row, key) in keys.iter().enumerate().skip(1) {
            index.remove(key, row);
        }
        assert_eq!((find(&index, &keys[0]), find(&index, &keys[1]), index.entries.len()), (Some(0), None, 1));
    }
}
