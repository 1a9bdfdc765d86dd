//! The progress of an export on standard error: a bar on a terminal, lines elsewhere.

use std::io::Write as _;
use std::time::{Duration, Instant};
use virtuous_client::export::Progress;

/// The rate is that of at least this time, so that an hour of waiting doesn't count for long.
const WINDOW: Duration = Duration::from_secs(5);

/// Where an export is.
#[derive(Debug)]
pub(super) struct Meter {
    name: &'static str,
    rows: Option<u64>,
    total: Option<u64>,
    resumes: Option<Instant>,
    /// Earlier counts, the oldest first.
    marks: [Option<(Instant, u64)>; 2],
    drawn: bool,
}

impl Meter {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, rows: None, total: None, resumes: None, marks: [None; 2], drawn: false }
    }

    /// Takes what the export reports.
    pub(super) fn note(&mut self, progress: &Progress, now: Instant) {
        self.set(progress.rows, progress.total, progress.waiting, now);
    }

    pub(super) fn set(&mut self, rows: u64, total: Option<u64>, waiting: Option<Duration>, now: Instant) {
        self.rows = Some(rows);
        self.total = total.or(self.total);
        self.resumes = waiting.map(|delay| now + delay);
        let [_, last] = self.marks;
        if last.is_none_or(|(time, _)| now.saturating_duration_since(time) >= WINDOW) {
            self.marks = [last.or(Some((now, rows))), Some((now, rows))];
        }
    }

    /// Takes a delay before the first rows.
    pub(super) fn wait(&mut self, delay: Duration, now: Instant) {
        self.resumes = Some(now + delay);
    }

    /// What is in the file.
    pub(super) fn kept(&self) -> String {
        match self.rows {
            Some(1) => "1 row is kept".to_owned(),
            Some(rows) => format!("{rows} rows are kept"),
            None => "the rows of earlier runs are kept".to_owned(),
        }
    }

    /// One line without its end.
    pub(super) fn line(&self, now: Instant) -> String {
        let name = self.name;
        let left = self.resumes.map(|time| time.saturating_duration_since(now).as_secs());
        let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        let rows = match (self.rows, left) {
            (None, None) => return format!("{name}: waiting for the first rows"),
            (None, Some(left)) => return format!("{name}: rate limit, resumes in {left} s"),
            (Some(rows), Some(left)) => {
                return format!("{name}: rate limit, resumes in {left} s; {rows}{of} rows");
            }
            (Some(rows), None) => rows,
        };
        let rate = match self.marks {
            [Some((time, before)), _] if now > time && rows > before => {
                format!(", {} rows/s", rate(rows - before, now - time))
            }
            _ => String::new(),
        };
        format!("{name}: {rows}{of} rows{rate}")
    }

    /// The line with a bar, as wide as the terminal allows.
    fn bar(&self, now: Instant, width: usize) -> String {
        const LONGEST: usize = 40;
        let mut line = self.line(now);
        // A number that is cut off would be another number.
        if line.chars().count() >= width
            && let Some((start, _)) = line.rsplit_once(", ")
        {
            line = start.to_owned();
        }
        let space = width.saturating_sub(line.chars().count() + 4).min(LONGEST);
        match (self.rows, self.total) {
            (Some(rows), Some(total)) if total > 0 && space >= 5 => {
                let share = rows.min(total).saturating_mul(space as u64) / total;
                let full = usize::try_from(share).unwrap_or(space);
                format!("{line} [{}{}]", "#".repeat(full), ".".repeat(space - full))
            }
            _ => line.chars().take(width.saturating_sub(1)).collect(),
        }
    }

    /// Draws over the last bar.
    pub(super) fn draw(&mut self, now: Instant) {
        let width =
            terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
        self.drawn = true;
        // Ignored: standard error may be closed.
        let _ = write!(std::io::stderr(), "\r{}\u{1b}[K", self.bar(now, width));
    }

    /// Removes the bar, so that a message is on its own line.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            // Ignored: standard error may be closed.
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// Rows per second.
pub(super) fn rate(rows: u64, time: Duration) -> u64 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    rows.saturating_mul(1000) / millis
}

#[cfg(test)]
mod tests {
    use super::super::now;
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut meter = Meter::new("gifts");
        assert_eq!(meter.line(at(10)), "gifts: waiting for the first rows");
        assert_eq!(meter.kept(), "the rows of earlier runs are kept");
        meter.wait(Duration::from_secs(60), at(10));
        assert_eq!(meter.line(at(20)), "gifts: rate limit, resumes in 50 s");
        meter.set(1000, Some(9000), None, at(10));
        assert_eq!(meter.line(at(11)), "gifts: 1000 of 9000 rows");
        meter.set(3000, None, None, at(12));
        assert_eq!(meter.line(at(12)), "gifts: 3000 of 9000 rows, 1000 rows/s");
        meter.set(3000, None, Some(Duration::from_secs(3600)), at(20));
        assert_eq!(meter.line(at(30)), "gifts: rate limit, resumes in 3590 s; 3000 of 9000 rows");
        meter.set(4000, None, None, at(3620));
        meter.set(5000, None, None, at(3630));
        meter.set(7000, None, None, at(3640));
        assert_eq!(meter.line(at(3640)), "gifts: 7000 of 9000 rows, 200 rows/s");
        assert_eq!(meter.kept(), "7000 rows are kept");
    }

    #[test]
    fn a_bar_fits_the_terminal() {
        let now = now();
        let mut meter = Meter::new("gifts");
        assert_eq!(meter.bar(now, 10), "gifts: wa");
        meter.set(500, Some(1000), None, now);
        assert_eq!(meter.bar(now, 37), "gifts: 500 of 1000 rows [#####.....]");
        assert_eq!(meter.bar(now, 20), "gifts: 500 of 1000 ");
        for width in 0..200 {
            assert!(meter.bar(now, width).chars().count() < width.max(1), "{width}");
        }
        meter.set(3000, Some(9000), None, now + Duration::from_secs(1));
        let later = now + Duration::from_secs(1);
        assert_eq!(meter.bar(later, 35), "gifts: 3000 of 9000 rows [##.....]", "no part of a number");
        meter.set(2000, Some(1000), None, now);
        assert!(meter.bar(now, 80).ends_with("#]"), "more rows than were counted");
    }
}
