//! Where the world has a choice: all of them in turn, or one at random.
//!
//! A sequence of choices is a list of numbers that counts up, as in TigerBeetle's `exhaustigen`: the last
//! choice that has another option takes it, and everything after it begins anew. The first option of a
//! fault is that nothing goes wrong, which costs nothing; every other one costs one of the faults that the
//! sequence may have. A [`Table`] has common faults, which are all tried, and rare ones, which are much like
//! a common one and come up in random sequences alone.

use fastrand::Rng;

/// The faults that one thing can have; the first one is that all is well.
pub struct Table<T: 'static> {
    pub common: &'static [T],
    pub rare: &'static [T],
}

impl<T: Copy> Table<T> {
    /// Takes one of the faults.
    pub fn choose(&self, choices: &mut Choices) -> T {
        let place = choices.fault(self.common.len(), self.common.len() + self.rare.len());
        *self.common.iter().chain(self.rare).nth(place).expect("as many options as faults")
    }
}

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
    is_fault: bool,
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
        let taken =
            options.map(|option| Choice { option, options: usize::MAX, is_fault: true }).collect();
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

    /// How many faults the run has had.
    pub fn faults_taken(&self) -> usize {
        self.taken[..self.place]
            .iter()
            .filter(|choice| choice.is_fault && choice.option > 0)
            .count()
    }

    /// Whether something goes wrong, and which of the options it is; 0 where all is well. The options from
    /// `common` on to `all` come up in random sequences alone.
    fn fault(&mut self, common: usize, all: usize) -> usize {
        let options = match (self.faults_left, &self.luck) {
            (0, _) => 1,
            (_, Some(_)) => all,
            (_, None) => common,
        };
        let option = self.take(options, true, |rng, share| {
            let goes_wrong = rng.f64() < share;
            if goes_wrong { rng.usize(..options) } else { 0 }
        });
        if option > 0 {
            self.faults_left = self.faults_left.saturating_sub(1);
        }
        option
    }

    /// One of so many options, none of which is a fault.
    pub fn any_of(&mut self, options: usize) -> usize {
        self.take(options, false, |rng, _| rng.usize(..options))
    }

    fn take(
        &mut self,
        options: usize,
        is_fault: bool,
        lot: impl FnOnce(&mut Rng, f64) -> usize,
    ) -> usize {
        if self.place == self.taken.len() {
            let option = self.luck.as_mut().map_or(0, |(rng, share)| lot(rng, *share));
            self.taken.push(Choice { option, options, is_fault });
        }
        let choice = &mut self.taken[self.place];
        choice.is_fault = is_fault;
        self.place += 1;
        choice.option
    }
}
