//! The figures, as a table, and what they must not pass.

use crate::felt::Felt;
use crate::plot;
use crate::subject::Usage;
use crate::wire::Traffic;
use anyhow::{Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, ExitCode};
use std::time::Duration;

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/RESULTS.md");
const PLOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/times.svg");
/// Where `.ci/image` leaves the sizes of the image, in bytes: as it is pulled, and as it is kept.
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/image-sizes");

/// A way to run the step, and how long it takes on loopback.
pub struct Step {
    pub what: &'static str,
    pub time: Duration,
}

/// What is known of a subject.
pub struct Figures {
    pub name: &'static str,
    pub usages: Vec<Usage>,
    /// In KiB.
    pub memory: u64,
    pub instructions: u64,
    pub system_calls: u64,
    pub traffic: Traffic,
}

/// Prints the figures and writes them down. Fails where one that can be repeated passes its limit. `lists` is the
/// peak memory of a run that reads the lists, in KiB.
pub fn tell(
    all: &[Figures],
    lists: u64,
    felt: &[Felt],
    steps: &[Step],
    program: &str,
) -> Result<ExitCode> {
    let [floor, own, verifying, curl, usual] = all else { bail!("nothing to compare") };
    let row = |label: &str, of: &dyn Fn(&Figures) -> String| {
        let cells: Vec<_> = all.iter().map(of).collect();
        format!("| {label} | {} |\n", cells.join(" | "))
    };
    let mut text = row("", &|one| one.name.to_owned());
    text += &row("---", &|_| "---".to_owned());
    text += &row("wall, ms", &|one| spread(one, |usage| usage.wall));
    text += &row("CPU, ms", &|one| spread(one, |usage| usage.cpu));
    text += &row("peak memory, KiB", &|one| one.memory.to_string());
    text += &row("instructions, thousands", &|one| (one.instructions / 1_000).to_string());
    text += &row("system calls", &|one| one.system_calls.to_string());
    text += &row("bytes sent, received", &|one| {
        format!("{}, {}", one.traffic.sent, one.traffic.received)
    });
    text += &row("round trips", &|one| one.traffic.round_trips.to_string());

    let wall = |one: &Figures| median(one, |usage| usage.wall).as_secs_f64();
    let cpu = |one: &Figures| median(one, |usage| usage.cpu).as_secs_f64();
    let count = |one: &Figures| one.instructions as f64;
    let kept = fs::read_to_string(IMAGE).unwrap_or_default();
    let image: Vec<f64> = kept.split_whitespace().filter_map(|size| size.parse().ok()).collect();
    let binary = fs::metadata(program)?.len() as f64;
    // What it is, the figure, the most that it may be, and whether it is the same on a busy machine.
    let limits = [
        ("instructions, against the floor", count(own) / count(floor), 1.4, true),
        // Of any version of jq. curl reads all authorities of the system.
        ("instructions, against curl alone", count(own) / count(curl), 1.0 / 40.0, true),
        ("instructions, against curl and jq", count(own) / count(usual), 1.0 / 80.0, false),
        ("wall, against the floor", wall(own) / wall(floor), 1.5, false),
        ("wall, against curl and jq", wall(own) / wall(usual), 0.1, false),
        ("CPU, against the floor", cpu(own) / cpu(floor), 1.6, false),
        ("wall with verify, ms more", (wall(verifying) - wall(own)) * 1e3, 0.3, false),
        ("peak memory, MiB", own.memory as f64 / 1024.0, 4.0, true),
        ("peak memory with lists of 100 deployments, MiB", lists as f64 / 1024.0, 4.0, true),
        (
            "peak memory, against curl and jq",
            own.memory as f64 / usual.memory as f64,
            1.0 / 3.0,
            false,
        ),
        ("round trips", own.traffic.round_trips as f64, 3.0, true),
        ("round trips with verify", verifying.traffic.round_trips as f64, 4.0, true),
        ("packages in the program", packages()?, 86.0, true),
        ("binary, MB", binary / 1e6, 3.4, true),
        (
            "image as it is pulled, MB",
            image.first().map_or(f64::NAN, |size| size / 1e6),
            2.85,
            true,
        ),
        ("image as it is kept, MB", image.get(1).map_or(f64::NAN, |size| size / 1e6), 7.0, true),
    ];
    text += "\n| whole runs, ms | round trip | measured | at most | the least possible |\n";
    text += "| --- | --- | --- | --- | --- |\n";
    for Felt { what, distance, time, least, most } in felt {
        let [distance, time, least, most] =
            [distance, time, least, most].map(|time| time.as_millis());
        text += &format!("| {what} | {distance} | {time} | {most} | {least} |\n");
    }
    text += "\n![The same as bars](times.svg)\n\n| as a step, on loopback | ms |\n| --- | --- |\n";
    for Step { what, time } in steps {
        text += &format!("| {what} | {:.1} |\n", time.as_secs_f64() * 1e3);
    }
    text += "\nThe time of a step is that of the platform which starts the container. That is why the image is small, and \
             released steps pull it instead of building it.\n";
    text += "\n| | measured | at most |\n| --- | --- | --- |\n";
    let mut passed = Vec::new();
    for (what, figure, most, can_repeat) in limits {
        if figure.is_nan() {
            text += &format!("| {what} | not built | {most} |\n");
            continue;
        }
        text += &format!("| {what} | {figure:.4} | {most:.4} |\n");
        if figure > most && can_repeat {
            passed.push(what);
        }
    }
    print!("{text}");
    fs::write(PLOT, plot::times(felt))?;
    fs::write(RESULTS, format!("# Side by side\n\n{}\n{text}", machine()))?;
    for what in &passed {
        println!("too much: {what}");
    }
    Ok(if passed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The packages that the program is made of, itself included.
fn packages() -> Result<f64> {
    let tree = [
        "tree",
        "--package",
        "polyai-rollback",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let listed = Command::new("cargo").args(tree).output()?.stdout;
    let listed = String::from_utf8(listed)?;
    let names: BTreeSet<_> = listed.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(names.len() as f64)
}

/// When and where this was measured.
fn machine() -> String {
    let said = |command: &str| {
        let said = Command::new("sh").args(["-c", command]).output().map(|output| output.stdout);
        String::from_utf8_lossy(&said.unwrap_or_default()).trim().replace('\n', ", ")
    };
    format!(
        "Measured on {} at commit {}{}, on {} cores of {}, Linux {}, with {}.\n\
         The floor is made of the same packages as the program, compiled in the same way. Times are \
         medians, with what nine of ten runs are within.\n",
        said("date --utc +%Y-%m-%d"),
        said("git rev-parse --short HEAD"),
        said(
            "git diff --quiet HEAD -- . ':!benches/RESULTS.md' ':!benches/times.svg' || echo ', with changes'"
        ),
        said("nproc"),
        said("sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1"),
        said("uname -sr | cut -d' ' -f2"),
        said("rustc --version; curl --version | head -n 1 | cut -d' ' -f1,2; jq --version"),
    )
}

fn sorted(one: &Figures, of: fn(&Usage) -> Duration) -> Vec<Duration> {
    let mut times: Vec<_> = one.usages.iter().map(of).collect();
    times.sort_unstable();
    times
}

fn median(one: &Figures, of: fn(&Usage) -> Duration) -> Duration {
    let times = sorted(one, of);
    times[times.len() / 2]
}

/// The median, and what nine of ten runs are within.
fn spread(one: &Figures, of: fn(&Usage) -> Duration) -> String {
    let times = sorted(one, of);
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    format!("{:.2} ({:.2} to {:.2})", at(0.5), at(0.05), at(0.95))
}
