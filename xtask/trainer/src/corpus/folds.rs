//! Folds of cross-validation in which no group is on both sides: what was recorded together is
//! easier to tell than music nobody has heard.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::dice::Dice;

/// The fold of each clip, from 0.
///
/// Where every clip has a fold of its own in `given`, those are kept and numbered anew in their
/// order, and `k` and `seed` do not matter. Where none has, each group goes as a whole to one of `k`
/// folds of about equal size, by `seed`.
///
/// # Errors
/// When only some clips have a fold, a group is in two of the given folds, there are fewer groups
/// than folds, or fewer than two folds; the message names what to change.
pub fn folds(groups: &[&str], given: &[Option<u32>], k: usize, seed: u64) -> Result<Vec<usize>> {
    if groups.len() != given.len() {
        bail!("{} groups and {} folds; each clip needs both", groups.len(), given.len());
    }
    let named: Vec<u32> = given.iter().flatten().copied().collect();
    match named.len() {
        0 => drawn(groups, k, seed),
        all if all == given.len() => kept(groups, &named),
        some => bail!("only {some} of {} clips name a fold; name all or none", given.len()),
    }
}

fn kept(groups: &[&str], named: &[u32]) -> Result<Vec<usize>> {
    let mut home: BTreeMap<&str, u32> = BTreeMap::new();
    for (&group, &fold) in groups.iter().zip(named) {
        let first = *home.entry(group).or_insert(fold);
        if first != fold {
            bail!("group {group} is in folds {first} and {fold}; it has to be in one");
        }
    }
    let mut known = named.to_vec();
    known.sort_unstable();
    known.dedup();
    if known.len() < 2 {
        bail!("all clips are in fold {}; name at least two", known[0]);
    }
    Ok(named.iter().map(|fold| known.partition_point(|other| other < fold)).collect())
}

fn drawn(groups: &[&str], k: usize, seed: u64) -> Result<Vec<usize>> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    groups.iter().for_each(|&group| *sizes.entry(group).or_default() += 1);
    if k < 2 || sizes.len() < k {
        bail!("{} groups cannot make {k} folds; there may be 2 to {0}", sizes.len());
    }
    let mut order: Vec<(&str, usize)> = sizes.into_iter().collect();
    Dice::named(seed, "folds").shuffle(&mut order);
    // The largest first, each to the emptiest fold: the classic way to equal bins.
    order.sort_by_key(|&(_, size)| std::cmp::Reverse(size));
    let mut filled = vec![0; k];
    let mut home: BTreeMap<&str, usize> = BTreeMap::new();
    for (group, size) in order {
        let fold = (0..k).min_by_key(|&fold| filled[fold]).unwrap_or(0);
        filled[fold] += size;
        home.insert(group, fold);
    }
    Ok(groups.iter().map(|group| home[group]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_is_on_both_sides_and_folds_are_even() {
        let names: Vec<String> = (0..100).map(|clip| format!("artist {}", clip % 23)).collect();
        let groups: Vec<&str> = names.iter().map(String::as_str).collect();
        let folds_of = |seed| folds(&groups, &[None; 100], 5, seed).expect("folds");
        let first = folds_of(1);
        for fold in 0..5 {
            assert!((15..=25).contains(&first.iter().filter(|&&f| f == fold).count()));
        }
        for a in 0..100 {
            assert!((a + 1..100).all(|b| groups[a] != groups[b] || first[a] == first[b]));
        }
        assert_eq!(first, folds_of(1));
        assert_ne!(first, folds_of(2));
    }

    #[test]
    fn named_folds_are_kept() {
        let given = [Some(7), Some(3), Some(7), Some(9)];
        let kept = folds(&["a", "b", "a", "c"], &given, 2, 1).expect("kept");
        assert_eq!(kept, [1, 0, 1, 2]);
    }

    #[test]
    fn what_cannot_be_split_is_told() {
        let error = |groups: &[&str], given: &[Option<u32>], k| {
            format!("{}", folds(groups, given, k, 1).expect_err("refused"))
        };
        assert!(error(&["a", "a"], &[Some(1), Some(2)], 2).contains("group a is in folds 1 and 2"));
        assert!(error(&["a", "b"], &[Some(1), None], 2).contains("name all or none"));
        assert!(error(&["a", "b"], &[Some(1), Some(1)], 2).contains("at least two"));
        assert!(error(&["a", "b"], &[None, None], 3).contains("2 to 2"));
        assert!(error(&[], &[], 2).contains("0 groups"));
    }
}
