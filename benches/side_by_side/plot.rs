//! The times of whole runs as a picture: a bar for what was measured, and a mark at the least possible.

use crate::felt::Felt;
use std::fmt::Write;

const ROW: usize = 34;
const LABELS: usize = 270;
const WIDTH: usize = 560;

/// The picture in SVG, for a light and for a dark page.
pub fn times(felt: &[Felt]) -> String {
    let longest = felt.iter().map(|felt| felt.time.max(felt.least)).max().unwrap_or_default();
    let scale = WIDTH as f64 / longest.as_secs_f64();
    let (width, height) = (LABELS + WIDTH + 70, ROW * (felt.len() + 1));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"#808890\">\n<title>Whole runs, in milliseconds</title>\n"
    );
    for (place, Felt { what, distance, time, least, .. }) in felt.iter().enumerate() {
        let top = place * ROW + 8;
        let length = time.as_secs_f64() * scale;
        let mark = LABELS as f64 + least.as_secs_f64() * scale;
        let label = format!("{}, {} ms", what.replace('`', ""), distance.as_millis());
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{label}</text>\
             <rect x=\"{LABELS}\" y=\"{top}\" width=\"{length:.0}\" height=\"20\" fill=\"#2f81f7\"/>\
             <line x1=\"{mark:.0}\" x2=\"{mark:.0}\" y1=\"{top}\" y2=\"{}\" stroke=\"#f0883e\" stroke-width=\"3\"/>\
             <text x=\"{:.0}\" y=\"{}\">{}</text>",
            LABELS - 8,
            top + 15,
            top + 20,
            LABELS as f64 + length + 8.0,
            top + 15,
            time.as_millis(),
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{LABELS}\" y=\"{}\">bar: measured, in ms; mark: the least possible; behind the comma: a round trip</text>",
        felt.len() * ROW + 24
    );
    svg + "</svg>\n"
}
