//! Where the world has a choice: all of them in turn, or one at random.
//!
//! A sequence of choices is a list of numbers that counts up, as in TigerBeetle's `exhaustigen`: the last
//! choice that has another option takes it, and everything after it begins anew. The first option of a
//! fault is that nothing goes wrong, which costs nothing; every other one costs one of the faults that the
//! sequence may have.

use fastrand::Rng;

/// The choices of one run.
pub struct Choices {
    taken: Vec<Choice>,
    /// How many of `taken` this run has come to.
    place: usize,
    faults: u32,
    faults_left: u32,
    luck: Option<(Rng, f64)>,
}

#[derive(Clone, Copy)]
struct Choice {
    option: usize,
    options: usize,
}

impl Choices {
    /// Every sequence with at most so many faults, beginning with none.
    pub fn all_with(faults: u32) -> Self {
        Self { taken: Vec::new(), place: 0, faults, faults_left: faults, luck: None }
    }

    /// Any number of faults: each choice is one with a probability of `share`.
    pub fn random(rng: Rng, share: f64) -> Self {
        Self { luck: Some((rng, share)), ..Self::all_with(u32::MAX) }
    }

    /// The choices of an earlier run.
    pub fn replay(script: &str) -> Self {
        let options = script.split_whitespace().map(|option| option.parse().expect("a number"));
        let taken = options.map(|option| Choice { option, options: usize::MAX }).collect();
        Self { taken, ..Self::all_with(u32::MAX) }
    }

    /// The choices of this run, as text. What was not chosen is the first option.
    pub fn script(&self) -> String {
        let taken = &self.taken[..self.place.min(self.taken.len())];
        let end = taken.iter().rposition(|choice| choice.option > 0).map_or(0, |last| last + 1);
        let options = taken[..end].iter().map(|choice| choice.option.to_string());
        options.collect::<Vec<_>>().join(" ")
    }

    /// Goes on to the next sequence. False where there is none.
    pub fn advance(&mut self) -> bool {
        self.taken.truncate(self.place);
        self.place = 0;
        self.faults_left = self.faults;
        while let Some(last) = self.taken.last_mut() {
            if last.option + 1 < last.options {
                last.option += 1;
                return true;
            }
            self.taken.pop();
        }
        false
    }

    /// Whether something goes wrong, and which of so many options it is; 0 where all is well.
    pub fn fault(&mut self, options: usize) -> usize {
        let options = if self.faults_left == 0 { 1 } else { options };
        if self.place == self.taken.len() {
            let option = self.luck.as_mut().map_or(0, |(rng, share)| {
                let goes_wrong = rng.f64() < *share;
                if goes_wrong { rng.usize(..options) } else { 0 }
            });
            self.taken.push(Choice { option, options });
        }
        let Choice { option, .. } = self.taken[self.place];
        self.place += 1;
        if option > 0 {
            self.faults_left = self.faults_left.saturating_sub(1);
        }
        option
    }
}
